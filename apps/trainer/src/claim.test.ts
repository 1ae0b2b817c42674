import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { claim, Claimed } from './claim.ts';
import { temporaryDirectory } from './testing.fixture.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeAll(async () => {
  directory = await temporaryDirectory();
});
afterAll(() => directory.remove());

const module = new URL('claim.ts', import.meta.url).href;

/** Another process that claims the file, and then does what it is told. */
async function holder(file: string, then: string) {
  const script = `const { claim } = await import(${JSON.stringify(module)}); globalThis.release = await claim(${JSON.stringify(file)}); console.log('claimed'); ${then}`;
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

it('is refused while another process holds it, which is named, and can be had as soon as that was killed', async () => {
  const file = directory.join('new/lock');
  const child = await holder(file, 'setInterval(() => {}, 1000);');
  const refused = await claim(file).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(Claimed);
  expect((refused as Claimed).holder).toMatch(
    new RegExp(`^process ${child.pid} on ${hostname()} since \\d{4}-.*Z$`),
  );
  child.kill('SIGKILL');
  await once(child, 'exit');
  const release = await claim(file, () => 0);
  expect(await readFile(`${file}.holder`, 'utf8')).toBe(
    `process ${process.pid} on ${hostname()} since 1970-01-01T00:00:00.000Z\n`,
  );
  release();
});

it('is refused to the same process, too, until it is given back', async () => {
  const file = directory.join('lock');
  const release = await claim(file);
  await expect(claim(file)).rejects.toThrow(Claimed);
  release();
  (await claim(file))();
});

it('of many that ask at once, one has it', async () => {
  const file = directory.join('many');
  const asked = await Promise.allSettled(Array.from({ length: 20 }, () => claim(file)));
  const held = asked.filter(({ status }) => status === 'fulfilled');
  expect(held).toHaveLength(1);
  for (const { reason } of asked.filter((one) => one.status === 'rejected'))
    expect(reason).toBeInstanceOf(Claimed);
});

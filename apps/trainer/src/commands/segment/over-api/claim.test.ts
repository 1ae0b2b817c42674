import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { claimOutput } from './claim.ts';
import { isRunning, ownerFor, parseOwner, writeOwner } from './owner.ts';

const directory = mkdtempSync(join(tmpdir(), 'claim-'));
afterAll(() => rmSync(directory, { recursive: true }));
const linux = existsSync('/proc/self/stat');

it('lets one command at a time write an output', async () => {
  const output = join(directory, 'a.zarr');
  const release = await claimOutput(output);
  await expect(claimOutput(output)).rejects.toThrow(
    /^Another command \(process \d+\) writes .*a\.zarr; wait/,
  );
  await release();
  await (
    await claimOutput(output)
  )();
  expect(existsSync(`${output}.segment.lock`)).toBe(false);
});

it('takes over from a command that was killed, also while it made its claim', async () => {
  const output = join(directory, 'b.zarr');
  const ended = spawnSync(process.execPath, ['-e', '']).pid;
  // without its last byte a number may be the beginning of a longer one
  for (const left of [`${ended} \n`, `${ended} 7\n`, '', String(process.pid), '1']) {
    writeFileSync(`${output}.segment.lock`, left);
    await (
      await claimOutput(output)
    )();
  }
});

it('waits for a claim that is being made', async () => {
  const output = join(directory, 'c.zarr');
  writeFileSync(`${output}.segment.lock`, '');
  const claimed = expect(claimOutput(output)).rejects.toThrow(/^Another command/);
  await sleep(120);
  writeFileSync(`${output}.segment.lock`, writeOwner(await ownerFor(process.pid)));
  await claimed;
});

it('of two that take over at the same time, one does', async () => {
  const output = join(directory, 'd.zarr');
  const ended = spawnSync(process.execPath, ['-e', '']).pid;
  const claim = new URL('./claim.ts', import.meta.url).href;
  const script = `
    const { claimOutput } = await import('${claim}');
    console.log('ready');
    await new Promise((resolve) => process.stdin.once('data', resolve));
    await claimOutput(${JSON.stringify(output)}).then(() => console.log('mine'), ({ code }) => console.log(code));
    await new Promise((resolve) => process.stdin.once('data', resolve));`;
  const commands = Array.from({ length: 2 }, () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    const until = async (lines: number) => {
      while (said.split('\n').length <= lines) await sleep(5);
      return said.trim().split('\n').at(-1);
    };
    return { child, until };
  });
  await Promise.all(commands.map(({ until }) => until(1)));
  writeFileSync(`${output}.segment.lock`, `${ended} 7\n`);
  for (const { child } of commands) child.stdin.write('go\n');
  const outcomes = await Promise.all(commands.map(({ until }) => until(2)));
  for (const { child } of commands) child.stdin.end('end\n');
  expect(outcomes.sort()).toEqual(['mine', 'trainer/usage']);
});

it.skipIf(!linux)('does not take a later process of the same number for the one that claimed', async () => {
  const output = join(directory, 'e.zarr');
  const { pid, since } = await ownerFor(process.pid);
  expect(since).toMatch(/^\d+$/);
  // as in a container that was started again, where the command has the same number each time
  writeFileSync(`${output}.segment.lock`, writeOwner({ pid, since: String(Number(since) - 1) }));
  const release = await claimOutput(output);
  expect(parseOwner(readFileSync(`${output}.segment.lock`, 'utf8'))).toEqual({ pid, since });
  await release();
});

it.skipIf(!linux)('does not take a killed process that nobody asked after for a running one', async () => {
  // the shell becomes a program that never asks after its child
  const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    const pid = await new Promise<number>((resolve) =>
      parent.stdout.once('data', (text) => resolve(Number(String(text)))),
    );
    const owner = await ownerFor(pid);
    expect(await isRunning(owner)).toBe(true);
    await sleep(100); // until the shell has become it
    process.kill(pid, 'SIGKILL');
    await sleep(100);
    expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).toMatch(/\) Z /);
    expect(await isRunning(owner)).toBe(false);
  } finally {
    parent.kill();
  }
});

it('says where there is no room or no directory', async () => {
  await expect(claimOutput(join(directory, 'no', 'c.zarr'))).rejects.toThrow(
    /c\.zarr\.segment\.lock cannot be written/,
  );
  mkdirSync(join(directory, 'f.zarr.segment.lock'));
  await expect(claimOutput(join(directory, 'f.zarr'))).rejects.toThrow(/\(EISDIR\)/);
});

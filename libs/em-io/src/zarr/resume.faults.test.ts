/** Writers killed at random moments: what they leave is whole chunks, and going on gives what an undisturbed writer gives. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openVolume } from '../open.ts';
import { testServer } from '../testing-server.ts';
import { pattern, temporaryDirectory } from '../testing.ts';
import { wholeBox } from '../geometry.ts';

const shape = [24, 32, 32] as const;
const expected = pattern(shape, 'uint32');
const index = new URL('../create.ts', import.meta.url).href;
const helpers = new URL('../testing.ts', import.meta.url).href;

/** Writes section by section, and tells each. One that is to be killed waits before its last section for as long as it lives. */
const script = `
  const { createVolume } = await import(${JSON.stringify(index)});
  const { pattern, cutOut } = await import(${JSON.stringify(helpers)});
  const shape = ${JSON.stringify(shape)};
  const expected = pattern(shape, 'uint32');
  const volume = await createVolume(process.argv[1], {
    shape, dtype: 'uint32', chunkShape: [2, 16, 16], resume: true,
  });
  for (let z = 0; z < shape[0]; z++) {
    if (process.argv[2] === 'held' && z === shape[0] - 1) await new Promise(() => setInterval(() => {}, 1000));
    const box = { start: [z, 0, 0], stop: [z + 1, 32, 32] };
    await volume.write(box, cutOut(expected, box.start, box.stop));
    console.log(z);
  }
  await volume.close();
`;

function start(location: string, how: 'held' | 'free' = 'free') {
  return spawn(process.execPath, ['--input-type=module', '-e', script, location, how], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Kills the writer somewhere between two sections that it tells. */
async function killAfter(writer: ReturnType<typeof start>, sections: number): Promise<void> {
  for await (const line of createInterface({ input: writer.stdout })) {
    if (Number(line) >= sections) break;
  }
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
  writer.kill('SIGKILL');
  if (writer.exitCode === null && writer.signalCode === null) await once(writer, 'exit');
}

async function finish(location: string): Promise<void> {
  const writer = start(location);
  writer.stdout.resume();
  const [code] = await once(writer, 'exit');
  expect(code).toBe(0);
}

async function filesOf(root: string): Promise<Record<string, string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.endsWith('.partial'));
  const pairs = files.map(async (entry): Promise<[string, string]> => {
    const path = join(entry.parentPath, entry.name);
    return [path.slice(root.length), await readFile(path, 'base64')];
  });
  return Object.fromEntries(await Promise.all(pairs));
}

test('a writer killed at eight moments and resumed leaves the same bytes, in a directory and over HTTP', async () => {
  await using directory = await temporaryDirectory();
  await using server = await testServer(directory.path);
  await finish(directory.join('undisturbed.zarr'));
  const undisturbed = await filesOf(directory.join('undisturbed.zarr'));
  expect(Object.keys(undisturbed)).toHaveLength(12 * 4 + 1);
  for (let run = 0; run < 8; run++) {
    const name = `${run}.zarr`;
    const location = run % 2 === 0 ? directory.join(name) : `${server.url}/${name}`;
    const writer = start(location, 'held');
    await killAfter(writer, Math.floor(Math.random() * 16));
    expect(writer.signalCode).toBe('SIGKILL');
    // Read at once: every chunk that is there decodes, and holds sections that were written or zeros.
    await using left = await openVolume(directory.join(name));
    const { data } = await left.read(wholeBox(shape));
    expect(data.at(-1)).toBe(0);
    const wrong = data.findIndex(
      (value: number | bigint, at: number) => value !== 0 && value !== expected.data[at],
    );
    expect(wrong).toBe(-1);
    await finish(location);
    expect(await filesOf(directory.join(name))).toEqual(undisturbed);
  }
});

/** `tokenunify segment --api` against the real server: the labels are those of the local command, byte for byte. */
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startServer, type RunningServer } from '@tokenunify/api';
import { createClient } from '@tokenunify/api/client';
import { createVolume, wholeBox, type Vec3 } from '@tokenunify/em-io';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const fromHere = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const model = fromHere('../../models/default');
const bin = fromHere('../../apps/trainer/bin/tokenunify.js');
const shape: Vec3 = [40, 64, 96];

let temporary: string;
let server: RunningServer;
const at = (name: string) => join(temporary, name);
const start = (port = 0) => startServer({ model, data: at('data'), port });

beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'tokenunify-over-api-'));
  const raw = await createVolume(at('raw.zarr'), { shape, dtype: 'uint8', voxelSize: [10, 10, 10] });
  await raw.write(wholeBox(shape), { dtype: 'uint8', shape: [...shape], data: balls() });
  await raw.close();
  server = await start();
}, 60_000);
afterAll(async () => {
  await server?.close();
  await rm(temporary, { recursive: true, force: true });
});

/** Bright balls on a grid, dark between them: each a neuron for any model that learnt anything. */
function balls(): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(shape[0] * shape[1] * shape[2]);
  for (let z = 0, v = 0; z < shape[0]; z++)
    for (let y = 0; y < shape[1]; y++)
      for (let x = 0; x < shape[2]; x++, v++) {
        const away = Math.hypot((z % 24) - 12, (y % 30) - 15, (x % 28) - 14);
        data[v] = (away < 11 ? 170 : away < 12.5 ? 40 : 150) + ((z * 7 + y * 13 + x * 29) % 17);
      }
  return data;
}

type Result = Readonly<Record<string, unknown>>;

async function segment(output: string, ...options: string[]): Promise<Result> {
  const args = [bin, 'segment', at('raw.zarr'), at(output), '--json', ...options];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Result;
}

/** Every file of an output. */
async function filesOf(output: string): Promise<Map<string, string>> {
  if (output.endsWith('.npy')) return new Map([['', (await readFile(at(output))).toString('base64')]]);
  const names = (await readdir(at(output), { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  );
  const files = names.map(({ parentPath, name }) => join(parentPath, name));
  return new Map(
    await Promise.all(
      files.map(
        async (file) => [file.slice(at(output).length), (await readFile(file)).toString('base64')] as const,
      ),
    ),
  );
}

/** What is left on the server. */
async function leftOver(): Promise<string[]> {
  const api = createClient(server.url);
  const ids: string[] = [];
  for await (const { id } of api.listVolumes()) ids.push(id);
  for await (const { id } of api.listSegmentations()) ids.push(id);
  return ids;
}

describe('segment --api', { timeout: 300_000 }, () => {
  it.each([
    ['labels.zarr', []],
    [
      'labels.npy',
      ['--box', '4:38,:,9:', '--threshold', '0.3', '--scoring', 'hist50', '--minimum-size', '30'],
    ],
    ['cells.npy', ['--cell', '16,32,48']],
  ])('gives the labels of the local command: %s %j', async (name, options) => {
    const local = await segment(`local-${name}`, ...options);
    const remote = await segment(`remote-${name}`, ...options, '--api', server.url);
    expect(remote).toMatchObject({ labels: local['labels'], shape: local['shape'], model: local['model'] });
    expect(Number(local['labels']), 'a segmentation worth comparing').toBeGreaterThan(5);
    const [a, b] = [await filesOf(`local-${name}`), await filesOf(`remote-${name}`)];
    expect([...b.keys()].sort()).toEqual([...a.keys()].sort());
    for (const [file, bytes] of a) expect(b.get(file) === bytes, `${name}${file} differs`).toBe(true);
    expect(await leftOver()).toEqual([]);
  });

  it('lives through a restart of the server', async () => {
    const port = Number(new URL(server.url).port);
    const child = spawn(process.execPath, [
      bin,
      'segment',
      at('raw.zarr'),
      at('restart.zarr'),
      '--api',
      server.url,
    ]);
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => void (said += text));
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    while (!/The segmentation is seg_/.test(said) && child.exitCode === null)
      await new Promise((resolve) => setTimeout(resolve, 5));
    await server.close({ graceMs: 0 });
    server = await start(port);
    expect(await ended, said).toBe(0);
    const [a, b] = [await filesOf('local-labels.zarr'), await filesOf('restart.zarr')];
    for (const [file, bytes] of a) expect(b.get(file) === bytes, `${file} differs`).toBe(true);
    expect(await leftOver()).toEqual([]);
  });

  it('says in one sentence what the server refuses', async () => {
    const refused = (...options: string[]) =>
      segment('refused.npy', '--api', server.url, ...options).then(
        () => 'no error',
        (error: unknown) => (error as { readonly stderr: string }).stderr,
      );
    expect(await refused('--model', 'nobody')).toMatch(/^tokenunify: .*nobody.*\.\n$/);
    expect((await readdir(temporary)).filter((name) => name.startsWith('refused'))).toEqual([
      'refused.npy.segment.json',
    ]);
  });
});

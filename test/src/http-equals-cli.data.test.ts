/** The labels of a real volume are the same over HTTP as from the command line (`EM_DATA_DIR`): all of the report slab once, a corner of it with another threshold, and by a job. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startServer, type RunningServer } from '@tokenunify/api';
import { createClient } from '@tokenunify/api/client';
import { decodeNpy, encodeNpy, openVolume, type Box } from '@tokenunify/em-io';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const fromHere = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const model = process.env['TOKENUNIFY_MODEL'] ?? fromHere('../../models/default');

const directory = resolve(process.env['EM_DATA_DIR'] ?? fromHere('../../../shared/data'));
const file = join(directory, 'fib25-train.h5');
const slab: Box = { start: [0, 158, 0], stop: [250, 190, 250] };
const corner: Box = { start: [0, 158, 0], stop: [64, 190, 128] };

describe('a slab of FIB-25', { timeout: 900_000 }, () => {
  let server: RunningServer;
  let temporary: string;
  beforeAll(async () => {
    if (!existsSync(file))
      throw new Error(`${file} is missing: set EM_DATA_DIR to the folder of the real volumes.`);
    temporary = await mkdtemp(join(tmpdir(), 'tokenunify-http-cli-'));
    server = await startServer({ model });
  });
  afterAll(async () => {
    await server?.close();
    if (temporary !== undefined) await rm(temporary, { recursive: true });
  });

  async function overHttp(box: Box, query: { readonly threshold?: number }) {
    const volume = await openVolume(`${file}:/volumes/raw`);
    const raw = await volume.read(box);
    await volume.close();
    return createClient(server.url).segment(encodeNpy(raw), query);
  }

  async function onTheCommandLine(box: Box, ...options: readonly string[]) {
    const ranges = box.start.map((from, axis) => `${from}:${box.stop[axis]}`).join(',');
    const out = join(temporary, 'labels.npy');
    const bin = fromHere('../../apps/trainer/bin/tokenunify.js');
    const args = ['segment', `${file}:/volumes/raw`, out, '--overwrite', '--json'];
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [bin, ...args, ...(options.includes('--api') ? [] : ['--model', model]), '--box', ranges, ...options],
      { maxBuffer: 2 ** 26 },
    );
    const result = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
    return { result, npy: await readFile(out) };
  }

  it.each([
    ['as the model package says', slab, {}, []],
    ['at a threshold of its own', corner, { threshold: 0.25 }, ['--threshold', '0.25']],
  ] as const)(
    'has the same labels over HTTP as from `tokenunify segment`, %s',
    async (_, box, query, options) => {
      const http = await overHttp(box, query);
      const cli = await onTheCommandLine(box, ...options);
      expect(cli.result).toMatchObject({ labels: http.labelCount, model: http.model });
      const [a, b] = [decodeNpy(http.npy), decodeNpy(cli.npy)];
      expect([a.dtype, a.shape]).toEqual([b.dtype, b.shape]);
      // compared as bytes: millions of voxels are no use as a difference
      expect(Buffer.compare(Buffer.from(http.npy), cli.npy), 'labels differ').toBe(0);
      expect(new Set<unknown>(b.data).size, 'a segmentation worth comparing').toBeGreaterThan(10);
    },
  );

  it('has the same labels from a job, block by block, as from `tokenunify segment`', async () => {
    const cells = ['--cell', '32,32,32'];
    const here = await onTheCommandLine(corner, ...cells);
    const there = await onTheCommandLine(corner, ...cells, '--api', server.url);
    expect(there.result).toMatchObject({ labels: here.result['labels'], model: here.result['model'] });
    expect(Buffer.compare(there.npy, here.npy), 'labels differ').toBe(0);
    expect(Number(here.result['labels']), 'a segmentation worth comparing').toBeGreaterThan(10);
  });
});

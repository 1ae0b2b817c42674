import { mkdtemp, open, rm, stat, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countingHeader } from './checkpoint-large.fixture.ts';
import { readCheckpoint, writeCheckpoint } from './checkpoint.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'large-checkpoint-'));
});
afterAll(() => rm(directory, { recursive: true }));

describe('a checkpoint of more than 2 GiB', () => {
  it('is read by ranges: a tensor beyond 32 bits comes back, and what is not asked for is not read', async () => {
    // sparse: 40 GB of moments that take no room on the disk, and weights behind them
    const path = join(directory, 'sparse.safetensors');
    const behind = Float32Array.of(3, -1, 4, 1.5);
    const { header, at } = countingHeader([
      ['moments/huge:first', [10, 1000, 1000, 1000]],
      ['weights/behind', [4]],
    ]);
    const file = await open(path, 'w');
    await file.write(header, 0, header.length, 0);
    await file.write(new Uint8Array(behind.buffer), 0, 16, header.length + at('weights/behind'));
    await file.close();
    expect((await stat(path)).size).toBeGreaterThan(4e10);
    const begun = performance.now();
    const { weights } = await readCheckpoint(path, { parts: ['weights'] });
    expect(weights.get('behind')!.data).toEqual(behind);
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  it('is written and read as it was: a tensor longer than a buffer of the system may be, and one behind it', async ({
    skip,
  }) => {
    const { bavail, bsize } = await statfs(directory);
    if (bavail * bsize < 3e9) skip('needs 3 GB of room for temporary files');
    const path = join(directory, 'whole.safetensors');
    const size = 520 * 2 ** 20; // 2.03 GiB of float32
    const data = new Float32Array(size);
    for (let i = 0; i < size; i += 1009) data[i] = i;
    data[size - 1] = 1;
    const weights = new Map([
      ['a', { shape: [size], data }],
      ['c', { shape: [3], data: Float32Array.of(7, 8, 9) }],
    ]);
    await writeCheckpoint(path, { weights, state: { step: 1 } });
    expect((await stat(path)).size).toBeGreaterThan(2 ** 31);
    const read = await readCheckpoint(path);
    for (const [name, { data }] of weights) {
      const found = read.weights.get(name)!.data;
      expect(found.length).toBe(data.length);
      expect(Buffer.compare(bytesOf(found), bytesOf(data)), name).toBe(0); // toEqual would take minutes
    }
  });
});

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) =>
  new Uint8Array(buffer, byteOffset, byteLength);

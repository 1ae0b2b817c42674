import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Vec3 } from '@tokenunify/em-io';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emIoFixture, temporaryDirectory } from '../testing.fixture.ts';
import { annotationDigest } from './digest.ts';
import { arrayOf, noise, sha256Of, store } from './volumes.fixture.ts';

const oracle = (name: string) =>
  fileURLToPath(new URL(`../../fixtures/annotations/${name}`, import.meta.url));

let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeAll(async () => void (folder = await temporaryDirectory()));
afterAll(() => folder.remove());

describe('the checksum of an annotation', () => {
  it('is what numpy computes', async () => {
    const digests: Record<string, string> = JSON.parse(await readFile(oracle('digests.json'), 'utf8'));
    expect(Object.keys(digests)).toHaveLength(2);
    for (const [box, expected] of Object.entries(digests))
      expect(
        (await annotationDigest({ raw: oracle('raw.npy'), labels: oracle('labels.npy'), box })).sha256,
      ).toBe(expected);
  });

  it('is the same for one volume in every format, chunking and dtype', async () => {
    // the fixtures of em-io hold the same numbers, written by h5py, zarr and numpy
    const raws = ['hdf5/cremi-like.h5:/volumes/raw', 'npy/uint8.npy', 'zarr/zstd.zarr'];
    const labels = [
      'hdf5/cremi-like.h5:/volumes/labels/neuron_ids',
      'npy/uint64-big.npy',
      'npy/uint8.npy',
      'npy/uint16.npy',
      'zarr/sharded.zarr',
      'zarr/big-endian.zarr',
      'zarr/v2.zarr',
    ];
    const found = new Set<string>();
    for (const raw of raws)
      for (const ids of labels)
        for (const maxBytes of [1, 97, undefined])
          found.add(
            (
              await annotationDigest(
                { raw: emIoFixture(raw), labels: emIoFixture(ids), box: '1:4,:,2:6' },
                maxBytes === undefined ? {} : { maxBytes },
              )
            ).sha256,
          );
    expect([...found]).toHaveLength(1);
  });

  it('is sha256 of the raw voxels and the labels as uint64, for any box, dtype and piece', async () => {
    const sides = fc.tuple(...[1, 2, 3].map(() => fc.integer({ min: 1, max: 6 })));
    const dtypes = fc.constantFrom('uint8', 'int16', 'uint32', 'int64', 'uint64' as const);
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        sides as fc.Arbitrary<[number, number, number]>,
        sides,
        dtypes,
        fc.integer({ min: 1, max: 300 }),
        fc.boolean(),
        async (shape: Vec3, chunk, dtype, maxBytes, zarr) => {
          const path = folder.join(`run-${run++}`);
          const size = shape[0] * shape[1] * shape[2];
          const [grey, ids] = [noise(size, run, 256), noise(size, run + 7, 120)];
          const end = zarr ? '.zarr' : '.npy';
          const chunks = zarr ? (chunk as unknown as Vec3) : undefined; // three sides, as drawn
          const raw = await store(`${path}-raw${end}`, arrayOf('uint8', shape, grey), chunks);
          const labels = await store(`${path}-labels${end}`, arrayOf(dtype, shape, ids), chunks);
          const told: number[] = [];
          const digest = await annotationDigest(
            { raw, labels },
            { maxBytes, progress: (done) => told.push(done) },
          );
          const [bytes, words] = [Uint8Array.from(grey), BigUint64Array.from(ids, BigInt)];
          expect(digest.raw).toBe(sha256Of(bytes));
          expect(digest.sha256).toBe(sha256Of(bytes, new Uint8Array(words.buffer)));
          expect(told.at(-1)).toBe(size);
          expect(told).toEqual(told.toSorted((a, b) => a - b));
        },
      ),
      { numRuns: 40 },
    );
  });

  it('changes with every voxel and every label', async () => {
    const shape: Vec3 = [2, 3, 4];
    const [grey, ids] = [noise(24, 1, 256), noise(24, 2, 99)];
    const digest = async (name: string, g: number[], l: number[]) => {
      const raw = await store(folder.join(`${name}-r.npy`), arrayOf('uint8', shape, g));
      const labels = await store(folder.join(`${name}-l.npy`), arrayOf('uint32', shape, l));
      return (await annotationDigest({ raw, labels })).sha256;
    };
    const seen = new Set([await digest('same', grey, ids)]);
    for (let at = 0; at < 24; at++) {
      seen.add(await digest(`raw-${at}`, grey.with(at, (grey[at]! + 1) % 256), ids));
      seen.add(await digest(`labels-${at}`, grey, ids.with(at, ids[at]! + 1)));
    }
    expect(seen.size).toBe(49);
  });

  it('is given up when it is aborted', async () => {
    const stop = new AbortController();
    const place = { raw: emIoFixture('npy/uint8.npy'), labels: emIoFixture('npy/uint8.npy') };
    const reason = new Error('enough');
    let calls = 0;
    const progress = () => void (++calls === 3 && stop.abort(reason));
    await expect(annotationDigest(place, { signal: stop.signal, progress, maxBytes: 6 })).rejects.toBe(
      reason,
    );
    expect(calls).toBe(3);
  });
});

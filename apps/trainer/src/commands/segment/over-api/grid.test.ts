import { volumeFromArray, type Vec3 } from '@tokenunify/em-io';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { downloadPiece, pieceCount, pieces, shapeOf, shifted, uploadChunkShape } from './grid.ts';

const triple = (least: number, most: number) =>
  fc.tuple(
    ...([0, 1, 2].map(() => fc.integer({ min: least, max: most })) as [
      fc.Arbitrary<number>,
      fc.Arbitrary<number>,
      fc.Arbitrary<number>,
    ]),
  );

it('pieces cover each voxel of a volume once, and there are as many as was said', () => {
  fc.assert(
    fc.property(triple(1, 12), triple(1, 15), (shape, piece) => {
      const seen = new Uint8Array(shape[0] * shape[1] * shape[2]);
      let count = 0;
      for (const { index, box } of pieces(shape, piece)) {
        count++;
        expect(box.start).toEqual(index.map((at, axis) => at * piece[axis]!));
        for (let z = box.start[0]; z < box.stop[0]; z++)
          for (let y = box.start[1]; y < box.stop[1]; y++)
            for (let x = box.start[2]; x < box.stop[2]; x++) seen[(z * shape[1] + y) * shape[2] + x]!++;
      }
      expect(seen.every((times) => times === 1)).toBe(true);
      expect(count).toBe(pieceCount(shape, piece));
    }),
  );
});

it('pieces of an output are whole chunks of it, or end where it ends', () => {
  fc.assert(
    fc.property(triple(1, 600), triple(1, 600), (shape, chunk) => {
      const piece = downloadPiece(chunk, shape);
      for (const axis of [0, 1, 2] as const)
        expect(piece[axis] % 64 === 0 || piece[axis] === shape[axis], `${piece} of ${shape}`).toBe(true);
    }),
  );
});

it("chunks of an upload are the input's where all of it is sent and they are of a good size", () => {
  const shape: Vec3 = [200, 200, 200];
  const data = new Uint8Array(200 ** 3);
  const memory = volumeFromArray({ dtype: 'uint8', shape: [...shape], data });
  const whole = { start: [0, 0, 0], stop: shape } as const;
  const corner = { start: [0, 0, 1], stop: shape } as const;
  const chunked = (chunkShape: Vec3) => ({ ...memory, chunkShape });
  expect(uploadChunkShape(chunked([100, 50, 40]), whole)).toEqual([100, 50, 40]);
  expect(uploadChunkShape(chunked([100, 50, 40]), corner)).toEqual([64, 128, 128]);
  expect(uploadChunkShape(chunked([1, 10, 10]), whole)).toEqual([64, 128, 128]);
  expect(uploadChunkShape(memory, { start: [0, 0, 0], stop: [3, 200, 9] })).toEqual([3, 128, 9]);
  expect(shapeOf(shifted(corner, [5, 5, 5]))).toEqual([200, 200, 199]);
});

import { volumeFromArray, type Vec3, type Volume } from '@tokenunify/em-io';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { QuantisedAffinities } from '../affinities.ts';
import { computeAffinities, planTiles, type AffinityOptions, type AffinityPredictor } from './index.ts';
import { reflect } from './plan.ts';

/** A network whose affinities are its input, in all three channels. */
function identity(tileShape: Vec3, batchSize: number): AffinityPredictor & { calls: number[] } {
  const calls: number[] = [];
  return {
    tileShape,
    batchSize,
    channels: 3,
    calls,
    predict: async (tiles, count) => {
      calls.push(count);
      const size = tiles.length / count;
      const out = new Float32Array(3 * tiles.length);
      for (let n = 0; n < count; n++)
        for (let c = 0; c < 3; c++) out.set(tiles.subarray(n * size, (n + 1) * size), (n * 3 + c) * size);
      return out;
    },
  };
}

async function run(volume: Volume, predictor: AffinityPredictor, options?: AffinityOptions) {
  const steps = computeAffinities(volume, predictor, options);
  for (;;) {
    const step = await steps.next();
    if (step.done) return step.value;
  }
}

function greyVolume(shape: Vec3): { volume: Volume; raw: Uint8Array } {
  const raw = Uint8Array.from(
    { length: shape[0] * shape[1] * shape[2] },
    (_, v) => (v * 7919 + (v >> 3)) % 256,
  );
  return { volume: volumeFromArray({ dtype: 'uint8', shape, data: raw }), raw };
}

/** What the identity network must give: the input, and 0 where there is no link. */
function expected(raw: Uint8Array, shape: Vec3): Uint8Array {
  const [, h, w] = shape;
  const n = raw.length;
  const out = new Uint8Array(3 * n);
  for (let v = 0; v < n; v++) {
    const at = [Math.floor(v / (h * w)), Math.floor(v / w) % h, v % w];
    for (let c = 0; c < 3; c++) out[c * n + v] = at[c] === 0 ? 0 : raw[v];
  }
  return out;
}

const shapes = fc.tuple(
  fc.integer({ min: 1, max: 14 }),
  fc.integer({ min: 1, max: 17 }),
  fc.integer({ min: 1, max: 19 }),
);

describe('affinities from an identity network', () => {
  it('are its input: no seam, no shift, for any volume, tile, overlap and batch', async () => {
    const tiles = fc.tuple(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 2, max: 12 }),
    );
    await fc.assert(
      fc.asyncProperty(
        shapes,
        tiles,
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom(0, 0.25, 0.5),
        async (shape, tile, batch, overlap) => {
          const { volume, raw } = greyVolume(shape);
          const { data } = await run(volume, identity(tile, batch), { overlap });
          expect(data).toEqual(expected(raw, shape));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('of a box are those of the whole, cropped', async () => {
    const boxes = shapes.chain(([d, h, w]) => {
      const side = (n: number) =>
        fc.tuple(fc.nat(n - 1), fc.nat(n - 1)).map(([a, b]) => [Math.min(a, b), Math.max(a, b) + 1]);
      return fc.record({ shape: fc.constant<Vec3>([d, h, w]), sides: fc.tuple(side(d), side(h), side(w)) });
    });
    await fc.assert(
      fc.asyncProperty(boxes, async ({ shape, sides }) => {
        const { volume } = greyVolume(shape);
        const whole = await run(volume, identity([4, 6, 6], 2));
        const start: Vec3 = [sides[0][0], sides[1][0], sides[2][0]];
        const stop: Vec3 = [sides[0][1], sides[1][1], sides[2][1]];
        const part = await run(volume, identity([4, 6, 6], 3), { box: { start, stop } });
        expect(part.data).toEqual(crop(whole, start, stop));
      }),
      { numRuns: 100 },
    );
  });

  it('infer each tile once, in full batches', async () => {
    const predictor = identity([4, 8, 8], 4);
    await run(greyVolume([10, 20, 20]).volume, predictor);
    const { tiles } = planTiles([10, 20, 20], [4, 8, 8], 0.25);
    expect(new Set(tiles.map(String)).size).toBe(tiles.length);
    expect(predictor.calls.reduce((a, b) => a + b)).toBe(tiles.length);
    expect(predictor.calls.slice(0, -1).every((count) => count === 4)).toBe(true);
  });
});

describe('mirroring', () => {
  it('repeats without repeating the border, however far', () => {
    expect([-7, -3, -2, -1, 0, 1, 2, 3, 4, 9].map((p) => reflect(p, 3))).toEqual([
      1, 1, 2, 1, 0, 1, 2, 1, 0, 1,
    ]);
    expect([-5, 0, 5].map((p) => reflect(p, 1))).toEqual([0, 0, 0]);
  });
});

describe('raw data', () => {
  const shape: Vec3 = [2, 3, 4];
  const predictor = identity([2, 4, 4], 1);

  it('of another type is scaled when its range is given, and refused when not', async () => {
    const data = Uint16Array.from({ length: 24 }, (_, v) => 1000 + v * 100);
    const volume = volumeFromArray({ dtype: 'uint16', shape, data });
    await expect(run(volume, predictor)).rejects.toThrow(/is uint16, but raw data is uint8.*rawRange/);
    const { data: out } = await run(volume, predictor, { rawRange: [1000, 3550] });
    expect(out).toEqual(
      expected(
        Uint8Array.from(data, (value) => (value - 1000) / 10),
        shape,
      ),
    );
  });

  it('that is not a number is refused with its place', async () => {
    const data = new Float32Array(24);
    data[14] = Number.NaN;
    const volume = volumeFromArray({ dtype: 'float32', shape, data });
    await expect(run(volume, predictor, { rawRange: [0, 1] })).rejects.toThrow(/NaN at voxel \(1, 0, 2\)/);
  });

  it('with channels, or thinner than a token, is refused', async () => {
    const channels = volumeFromArray({ dtype: 'uint8', shape: [2, ...shape], data: new Uint8Array(48) });
    await expect(run(channels, predictor)).rejects.toThrow(/2 channels/);
    const { volume } = greyVolume(shape);
    await expect(run(volume, predictor, { minimumShape: [4, 1, 1] })).rejects.toThrow(
      /2 voxels along z.*at least 4/,
    );
  });
});

describe('a network', () => {
  const { volume } = greyVolume([4, 8, 8]);
  const broken = (values: (count: number) => Float32Array): AffinityPredictor => ({
    ...identity([4, 4, 4], 1),
    predict: async (_tiles, count) => values(count),
  });

  it('that gives NaN, or too much, is caught where it first does', async () => {
    const bad = broken(() => {
      const out = new Float32Array(192);
      out[64 + 16 + 5] = Number.NaN;
      return out;
    });
    await expect(run(volume, bad)).rejects.toThrow(/channel 1 at voxel \(1, 1, 1\) is NaN/);
    await expect(
      run(
        volume,
        broken(() => new Float32Array(192).fill(1.5)),
      ),
    ).rejects.toThrow(/is 1.5, but affinities/);
  });

  it('that gives the wrong number of values is caught', async () => {
    await expect(
      run(
        volume,
        broken(() => new Float32Array(64)),
      ),
    ).rejects.toThrow(/returned 64 values for 1 tiles/);
  });

  it('is not asked again after an abort', async () => {
    const stop = new AbortController();
    const predictor = identity([2, 4, 4], 1);
    const steps = computeAffinities(volume, predictor, { signal: stop.signal });
    await steps.next();
    await steps.next();
    stop.abort(new Error('enough'));
    await expect(steps.next()).rejects.toThrow('enough');
    expect(predictor.calls.length).toBe(1);
  });
});

function crop({ data, shape }: QuantisedAffinities, start: Vec3, stop: Vec3): Uint8Array {
  const out: number[] = [];
  const n = shape[0] * shape[1] * shape[2];
  for (let c = 0; c < 3; c++)
    for (let z = start[0]; z < stop[0]; z++)
      for (let y = start[1]; y < stop[1]; y++)
        for (let x = start[2]; x < stop[2]; x++) out.push(data[c * n + (z * shape[1] + y) * shape[2] + x]);
  return Uint8Array.from(out);
}

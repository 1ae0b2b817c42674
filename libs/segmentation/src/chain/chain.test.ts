import { volumeFromArray, type Vec3 } from '@tokenunify/em-io';
import { describe, expect, it } from 'vitest';
import { quantiseAffinities } from '../affinities.ts';
import { buildInput } from '../goldens/waterz-input.ts';
import { connectedComponents } from '../labels/index.ts';
import { variationOfInformation } from '../metrics/index.ts';
import type { AffinityPredictor } from '../tiles/index.ts';
import { absorbSmall } from './absorb.ts';
import { parsePostProcessing, postprocess, segment, sweepThresholds, type PostProcessing } from './index.ts';

const shape: Vec3 = [24, 48, 52];
const { neurons } = buildInput(shape, 40);
const truth = connectedComponents(neurons, shape);
/** Bright neurons, dark where two meet. */
const raw = truth.slice().fill(230);
truth.forEach((id, v) => {
  for (const stride of [shape[1] * shape[2], shape[2], 1])
    for (const u of [v - stride, v + stride]) if (truth[u] !== undefined && truth[u] !== id) raw[v] = 10;
});
const volume = volumeFromArray({ dtype: 'uint8', shape, data: Uint8Array.from(raw) });

/** Calls a voxel's links what the voxel looks like. */
const brightness: AffinityPredictor = {
  tileShape: [8, 16, 16],
  batchSize: 2,
  channels: 3,
  predict: async (tiles, count) => {
    const size = tiles.length / count;
    const out = new Float32Array(3 * tiles.length);
    for (let n = 0; n < count; n++)
      for (let c = 0; c < 3; c++) out.set(tiles.subarray(n * size, (n + 1) * size), (n * 3 + c) * size);
    return out;
  },
};
const postprocessing: PostProcessing = {
  watershed: { mode: '3d' },
  agglomeration: { scoring: 'mean', threshold: 0.5 },
  minimumSize: 8,
};

describe('segment', () => {
  it('finds the neurons of a volume, and says where it is', async () => {
    const steps = segment(volume, brightness, { postprocessing });
    const stages: string[] = [];
    let step = await steps.next();
    for (; !step.done; step = await steps.next()) {
      expect(step.value.done).toBeLessThanOrEqual(step.value.total);
      if (stages.at(-1) !== step.value.stage) stages.push(step.value.stage);
    }
    expect(stages).toEqual(['tiles', 'fragments', 'graph', 'agglomeration', 'labels']);
    const { labels, count, affinities, fragmentCount } = step.value;
    expect(variationOfInformation(truth, labels).total).toBeLessThan(0.8);
    expect(fragmentCount).toBeGreaterThan(count);
    expect(postprocess(affinities, postprocessing).labels).toEqual(labels);
  });

  it('gives the same labels for any batch size', async () => {
    const labels = await Promise.all(
      [1, 3, 64].map(async (batchSize) => {
        const steps = segment(volume, { ...brightness, batchSize }, { postprocessing });
        for (;;) {
          const step = await steps.next();
          if (step.done) return step.value.labels;
        }
      }),
    );
    expect(labels[1]).toEqual(labels[0]);
    expect(labels[2]).toEqual(labels[0]);
  });
});

describe('post-processing', () => {
  const input = buildInput([8, 48, 48], 16);
  const affinities = quantiseAffinities(input.affinities, input.shape);

  it('gives at every threshold of a sweep what that threshold gives alone', () => {
    const thresholds = [0.2, 0.4, 0.6];
    for (const { threshold, minimumSize, labels } of sweepThresholds(
      affinities,
      { mode: '3d' },
      'hist50',
      thresholds,
      [0, 40],
    )) {
      const alone = postprocess(affinities, {
        watershed: { mode: '3d' },
        agglomeration: { scoring: 'hist50', threshold },
        minimumSize,
      });
      expect(labels).toEqual(alone.labels);
    }
  });

  it('numbers labels by first voxel, and leaves none below the minimum size', () => {
    const { labels, count } = postprocess(affinities, { ...postprocessing, minimumSize: 60 });
    const sizes = new Uint32Array(count + 1);
    const seen: number[] = [];
    labels.forEach((label) => {
      if (sizes[label]++ === 0) seen.push(label);
    });
    expect(seen).toEqual(Array.from({ length: count }, (_, i) => i + 1));
    expect(sizes.subarray(1).every((size) => size >= 60)).toBe(true);
  });
});

describe('absorbing small labels', () => {
  it('prefers the neighbour of highest mean affinity, and goes on until none is small', () => {
    // 1 - 2 - 3 - 4 in a row of cubes; 2 and 3 are small; 2 holds to 3, and together they hold to 4 rather than to 1
    const graph = {
      nodeCount: 4,
      u: Uint32Array.of(1, 2, 3),
      v: Uint32Array.of(2, 3, 4),
      sum: Float64Array.of(100, 600, 200),
      count: Uint32Array.of(1, 3, 1),
      maximum: Uint32Array.of(100, 200, 200),
      levels: 255,
    };
    const regions = absorbSmall(graph, Float64Array.of(0, 90, 4, 5, 90), Uint32Array.of(0, 1, 2, 3, 4), 10);
    expect([regions[2] === regions[3], regions[3] === regions[4], regions[1] === regions[2]]).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe('post-processing as JSON', () => {
  it('is taken as it is when it is right', () => {
    const full = {
      watershed: {
        mode: 'section',
        boundaryThreshold: 0.4,
        voxelSize: [35, 8, 8],
        cell: [16, 64, 64],
        halo: [0, 8, 8],
      },
      agglomeration: { scoring: 'hist75', threshold: 0.3 },
      minimumSize: 10,
    };
    expect(parsePostProcessing(full)).toBe(full);
  });
  it.each([
    [{ mode: '2d' }, {}, /watershed.mode is "2d", but it must be '3d' or 'section'/],
    [{ mode: '3d', seedSigma: -1 }, {}, /watershed.seedSigma is -1/],
    [{ mode: '3d', cell: [1, 2] }, {}, /watershed.cell is \[1,2\]/],
    [{ mode: '3d', seedsigma: 1 }, {}, /watershed.seedsigma is not an option/],
    [{ mode: '3d' }, { agglomeration: { scoring: 'hist50' } }, /agglomeration.threshold is missing/],
    [
      { mode: '3d' },
      { agglomeration: { scoring: 'median', threshold: 1 } },
      /agglomeration.scoring is "median"/,
    ],
    [{ mode: '3d' }, { minimumSize: 1.5 }, /minimumSize is 1.5/],
  ])('is refused by field: %j %j', async (watershed, other, message) => {
    const json = { ...postprocessing, watershed, ...other };
    expect(() => parsePostProcessing(json)).toThrow(message);
    // and before any tile is inferred
    let asked = 0;
    const predictor = { ...brightness, predict: async () => ((asked += 1), new Float32Array(0)) };
    await expect(
      segment(volume, predictor, { postprocessing: json as PostProcessing }).next(),
    ).rejects.toThrow(message);
    expect(asked).toBe(0);
  });

  it('is checked in a sweep too', () => {
    const misspelt = { mode: '3d', sigma: 1 } as unknown as PostProcessing['watershed']; // as JSON would bring it
    const sweep = sweepThresholds({ shape: [1, 1, 1], data: new Uint8Array(3) }, misspelt, 'mean', [0.5]);
    expect(() => sweep.next()).toThrow(/watershed.sigma is not an option/);
  });
});

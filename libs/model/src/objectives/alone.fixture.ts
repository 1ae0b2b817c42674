import type { Engine } from '../engines/engine.ts';
import { small } from '../network/small.fixture.ts';
import type { Preset } from '../network/presets.ts';
import type { Vec3 } from '../ops/ops.ts';
import type { Random } from '../random.ts';
import { pretrain } from '../training/pretraining.ts';
import type { Objective } from './curriculum.ts';
import { scoreReconstruction, type ReconstructionScore } from './reconstruction.ts';

/** Crops of 2 x 2 x 2 tokens: a batch has as many as a large one has few, and `next` learns from one token a crop. */
export const space: Vec3 = [8, 8, 8];

/** Twice as wide as `small`, with latents for every place of the bottom map. */
export const wider: Preset = {
  ...small,
  name: 'wider',
  stem: { ...small.stem, width: 8 },
  stages: small.stages.map((stage, i) => ({ ...stage, width: 16 * (i + 1) })),
  resampler: { latents: 8, layers: 1, heads: 2 },
};

/**
 * Parallel membranes, dark, five voxels apart, across an axis and at a place of the crop's own, in a brightness of its own,
 * under noise. No token shows a whole period, so a copy of a neighbour is wrong; what is visible tells all.
 */
export function sheets([depth, height, width]: Vec3, random: Random): Float32Array {
  const [axis, at, brightness] = [random.integer(3), random.integer(5), random.uniform(0.5, 1)];
  const out = new Float32Array(depth * height * width);
  for (let z = 0, v = 0; z < depth; z++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++, v++) {
        const place = [z, y, x][axis]!; // three axes
        out[v] = brightness * ((place + at) % 5 === 0 ? 0.2 : 0.8) + 0.02 * random.normal();
      }
  return out;
}

/** Trains one objective and no other, and scores it on crops it has not seen: of the averaged weights, at the end. */
export async function trainAlone(
  engine: Engine,
  objective: Objective,
  options: { readonly steps: number; readonly batch: number; readonly heldOut: readonly Float32Array[] },
): Promise<ReconstructionScore> {
  const { steps, batch, heldOut: crops } = options;
  let score: ReconstructionScore | undefined;
  const training = pretrain({
    ...{ engine, preset: wider, steps, seed: 1, checkpointEvery: steps, state: {}, crop: sheets },
    curriculum: [{ until: 1, weights: { random: 0, next: 0, nextAll: 0, [objective]: 1 }, crop: space }],
    voxelsPerStep: 2 * batch * 512,
    schedule: { peak: 0.01, warmup: 4, final: 0.05 },
    averageDecay: 0.9,
    probe: {
      every: steps,
      async run(parameters) {
        const scored = { engine, parameters, preset: wider, crops, space, seed: 1, prefixes: 7 };
        [score] = await scoreReconstruction({ ...scored, objectives: [objective] });
        return {};
      },
    },
  });
  for await (const event of training) if (event.kind === 'probe') break;
  if (!score) throw new Error('the last step is always looked at');
  return score;
}

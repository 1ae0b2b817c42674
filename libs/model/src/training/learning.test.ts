/** That the network learns, on the slow engine that every machine has: all objectives at once, then a boundary. */
import { beforeAll, expect, it } from 'vitest';
import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { openEngine, type Engine } from '../engines/engine.ts';
import { small, membranes } from '../network/small.fixture.ts';
import type { Vec3 } from '../ops/ops.ts';
import { objectives } from '../objectives/curriculum.ts';
import { Random } from '../random.ts';
import { finetune, type LabelledCrop } from './finetuning.ts';
import { EnginePredictor } from './predictor.ts';
import { pretrain } from './pretraining.ts';
import type { TrainingEvent } from './train.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine('cpu');
});

async function lossesOf(run: AsyncGenerator<TrainingEvent, { checkpoint: Checkpoint }>) {
  const losses: Record<string, number>[] = [];
  for (;;) {
    const { value, done } = await run.next();
    if (done) return { losses, checkpoint: value.checkpoint };
    if (value.kind === 'step') losses.push(value.losses);
  }
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const common = { seed: 1, schedule: { peak: 0.02, warmup: 3, final: 0.2 }, averageDecay: 0.5, state: {} };

/** Cells of 3 x 3 x 3 voxels between dark planes, the same in every crop. */
const lattice = (shape: Vec3) => membranes(shape, { integer: () => 0 }, 4);

it('pretraining gets below what saying the mean would give, for every objective', async () => {
  const steps = 50;
  const weights = { random: 0.4, next: 0.3, nextAll: 0.3 };
  const { losses } = await lossesOf(
    pretrain({
      ...common,
      engine,
      preset: small,
      curriculum: [{ until: 1, weights, crop: [8, 8, 8] }],
      voxelsPerStep: 2 * 512,
      steps,
      checkpointEvery: steps,
      crop: lattice,
    }),
  );
  const cells = lattice([8, 8, 8]);
  const average = mean([...cells]);
  const variance = mean([...cells].map((value) => (value - average) ** 2));
  for (const name of objectives) {
    const part = losses.map((loss) => loss[name]!);
    expect(mean(part.slice(0, 4)), `${name} at first`).toBeGreaterThan(0.6 * variance);
    expect(mean(part.slice(-8)), `${name} at last`).toBeLessThan(0.5 * variance);
  }
});

/** Two neurons and a dark membrane at a plane across x that differs from crop to crop. */
function twoNeurons([depth, height, width]: Vec3, random: Random): LabelledCrop {
  const at = 2 + random.integer(width - 4);
  const raw = new Float32Array(depth * height * width);
  const labels = new Uint32Array(raw.length);
  for (let v = 0; v < raw.length; v++) {
    const x = v % width;
    raw[v] = (x === at || x === at - 1 ? 0.1 : 0.8) + 0.05 * random.normal();
    labels[v] = x < at ? 1 : 2;
  }
  return { raw, labels };
}

it('fine-tuning finds an easy boundary that it has not seen', async () => {
  const steps = 40;
  const crop: Vec3 = [8, 8, 8];
  const { checkpoint } = await lossesOf(
    finetune({
      ...common,
      engine,
      preset: small,
      crop,
      batch: 1,
      erode: false,
      steps,
      checkpointEvery: steps,
      sampleCrop: twoNeurons,
    }),
  );
  const predictor = new EnginePredictor(engine, small, checkpoint.average!, crop);
  const [across, inside]: [number[], number[]] = [[], []];
  for (const seed of [101, 102, 103, 104]) {
    const { raw, labels } = twoNeurons(crop, new Random(seed));
    const affinities = await predictor.predict(raw, 1);
    for (let v = 0; v < 512; v++)
      if (v % 8 > 0) (labels[v] === labels[v - 1] ? inside : across).push(affinities[2 * 512 + v]!);
  }
  predictor[Symbol.dispose]();
  expect(mean(across)).toBeLessThan(0.3);
  expect(mean(inside)).toBeGreaterThan(0.7);
});

/** Reports of invented nights, one of each outcome. */
import type {
  Annotation,
  Comparison,
  ModelName,
  NightReport,
  Outcome,
  StepName,
  StepRecord,
} from '../types.ts';
import { decide } from '../gate.ts';

export const champion: ModelName = {
  digest: `sha256:${'c0'.repeat(32)}`,
  name: 'TokenUnify nano',
  version: '0.1.2026112201',
};
export const challenger: ModelName = {
  digest: `sha256:${'a1'.repeat(32)}`,
  name: 'TokenUnify nano',
  version: '0.1.2026112401',
};

const annotation = (number: number, split: Annotation['split'], z: number): Annotation => ({
  number,
  raw: '/data/fib25.h5:/volumes/raw',
  labels: '/data/fib25.h5:/volumes/labels/neuron_ids',
  box: { start: [z, 0, 0], stop: [z + 64, 118, 250] },
  sha256: String(number).repeat(64),
  split,
  key: `key-${number}`.padEnd(64, '0'),
});
export const train = [annotation(1, 'train', 0), annotation(2, 'train', 64)];
export const heldOut = [annotation(3, 'held-out', 128), annotation(4, 'held-out', 192)];

const score = (voiSplit: number, voiMerge: number, adaptedRand: number | null) => ({
  ...{ voi: voiSplit + voiMerge, voiSplit, voiMerge, adaptedRand },
});

/** A neuron of 2 x 1 pixels. */
const PICTURE =
  'iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAMAAADD/I+3AAAABlBMVEUAAAD///+l2Z/dAAAAC0lEQVR4nGNgYAQAAAQAApo46SYAAAAASUVORK5CYII=';

export function comparison(better: boolean): Comparison {
  const gain = better ? 0.8 : 1.2;
  const worst = [0.05, 0.04, 0.01].map((bits, i) => ({
    ...{ annotation: heldOut[i % 2]!.key, source: heldOut[i % 2]!.raw, box: heldOut[i % 2]!.box },
    ...{ neuron: 80123 + i, voxels: 12_345 * (i + 1), at: [140, 50, 60 + i] as const, axis: 1 as const },
    champion: { split: bits, merge: bits / 3 },
    challenger: { split: gain * bits, merge: i === 2 ? bits : bits / 4 },
    ...(i < 2 && { picture: PICTURE }),
  }));
  return {
    boxes: heldOut.map(({ key, raw: source, box }, i) => ({
      ...{ annotation: key, source, box, voxels: 64 * 118 * 250 },
      champion: score(0.4 + i / 10, 0.3, 0.12),
      challenger: score(gain * (0.4 + i / 10), 0.25, gain * 0.12),
    })),
    pooled: { champion: score(0.45, 0.3, 0.12), challenger: score(gain * 0.45, 0.25, gain * 0.12) },
    speed: { champion: 1.8, challenger: 1.79 },
    speedRatio: { by: 'processor', best: 1.79 / 1.8, lowerQuartile: 0.97, upperQuartile: 1.01, rounds: 7 },
    worst,
  };
}

type Data<Name extends StepName> = Extract<StepRecord, { step: Name }>['data'];

function step<Name extends StepName>(
  name: Name,
  minute: number,
  seconds: number,
  summary: string,
  data: Data<Name>,
) {
  const at = new Date(Date.UTC(2026, 10, 24, 2, minute)).toISOString();
  return { step: name, at, seconds, summary, data } as StepRecord; // of this name
}

/** The report of a night that ended like that. */
export function reportOf(outcome: Outcome): NightReport {
  const compared = ['promoted', 'kept', 'rolled-back'].includes(outcome);
  const gate = { voi: { margin: 0.01 }, adaptedRand: { margin: 0 }, speed: { margin: -0.1 } };
  const both = comparison(outcome !== 'kept');
  const decision = decide(gate, both);
  const began = outcome !== 'failed';
  const trained = compared || outcome === 'refused';
  const smoke = {
    ...{
      passed: outcome === 'promoted',
      maximumVoi: 0.5,
      voi: outcome === 'promoted' ? 0.21 : 2.4,
      seconds: 3.2,
    },
    ...{ model: challenger.digest, sameAsHere: true },
    reason:
      outcome === 'promoted'
        ? 'The labels of the reference volume are near enough to the expected ones.'
        : 'The labels of the reference volume have a VOI of 2.4000 against the expected ones, at most 0.5 is allowed.',
  };
  const steps = [
    began && step('read', 1, 12.3, 'Read 4 annotations, 1 of them new.', { train: 2, heldOut: 2, fresh: 1 }),
    began &&
      step('champion', 2, 4.1, `The champion is ${champion.name} ${champion.version}.`, {
        champion,
        challenger,
      }),
    trained && step('train', 62, 3605, 'Trained 500 steps.', { checkpoint: 'run/last.safetensors' }),
    compared && step('export', 63, 21, 'Exported sha256:a1a1a1a1a1a1.', { challenger }),
    compared &&
      step('evaluate', 70, 411, 'VOI 0.7500 -> 0.6100 on 2 held-out boxes.', {
        pooled: both.pooled,
        speed: both.speed,
      }),
    compared && step('publish', 71, 2, 'Uploaded.', { created: true }),
    compared && step('decide', 71, 0, decision.reason, decision),
    compared &&
      outcome !== 'kept' &&
      step('promote', 71, 3, 'It is champion.', { from: champion, to: challenger }),
    compared && outcome !== 'kept' && step('smoke', 72, 3.2, smoke.reason, smoke),
    outcome === 'rolled-back' &&
      step('roll-back', 72, 1.5, 'The former champion serves again.', { champion }),
  ].filter((one) => one !== false);
  const reasons: Record<Outcome, string> = {
    promoted: decision.reason,
    kept: decision.reason,
    'nothing-new': 'All 2 annotations to train on were used by earlier nights.',
    refused:
      'The export was refused: its test tile differs from the stored output by 0.3, at most 0.001 is allowed.',
    'rolled-back': smoke.reason,
    failed:
      'Entry 3 of annotations.json (fib25.h5:/volumes/raw, 128:192,0:118,0:250) has another checksum than its voxels; compute it again with `npx tokenunify annotate`, or remove the entry.',
    deadline: '300 minutes are over during train; run the same command again to go on.',
  };
  return {
    night: '2026-11-24-1',
    outcome,
    reason: reasons[outcome],
    exitCode: { failed: 2, deadline: 5, 'rolled-back': 4, refused: 1 }[outcome as string] ?? 0,
    resumable: outcome === 'deadline',
    startedAt: '2026-11-24T02:00:00.000Z',
    finishedAt: '2026-11-24T03:12:30.000Z',
    seconds: steps.reduce((sum, { seconds }) => sum + seconds, 0),
    software: '0.1.0',
    server: 'http://127.0.0.1:8787',
    ...(began && { champion, serving: outcome === 'promoted' ? challenger : champion }),
    ...(compared && { challenger }),
    annotations: began ? { train, heldOut, fresh: [train[1]!.key] } : { train: [], heldOut: [], fresh: [] },
    training: {
      ...{ steps: 500, rate: 0.0005, crop: [64, 64, 64], batch: 1, checkpointEvery: 50 },
      ...{ isotropic: true, erode: true, engine: 'auto', seed: 1 },
    },
    gate,
    ...(compared && { comparison: both, decision }),
    ...(compared && outcome !== 'kept' && { smoke }),
    steps,
    notes: compared
      ? ["The models carry different post-processing; both are compared with the champion's."]
      : [],
  };
}

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readCheckpoint, readModelPackage, type ModelPackage } from '@tokenunify/model';
import { z } from 'zod';
import { readLog, type LogEntry } from '../run-log.ts';

/** One training of a model's history, as its run directory tells it. */
export interface TrainingRun {
  readonly command: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly engine: string;
  readonly steps: number;
  /** Of work; absent for nights, whose packages must not depend on how often they were interrupted. */
  readonly seconds?: number;
  /** Means over the last 50 steps, or as many as there were. */
  readonly finalLosses: Readonly<Record<string, number>>;
}

interface LoggedStep extends LogEntry {
  readonly step: number;
  readonly seconds: number;
  readonly losses: Readonly<Record<string, number>>;
}

/** Other lines are looks at held-out voxels, and warnings. */
const isStep = (entry: LogEntry): entry is LoggedStep => 'losses' in entry;

/** Steps whose mean loss is told. */
const TAIL = 50;

/**
 * The trainings a checkpoint came from, first pretraining, then fine-tuning, read from the run directories, or from the
 * model package that the checkpoint is of. Paths are cut to their last part: a package says which file, not where somebody
 * keeps it.
 */
export async function trainingHistory(
  directory: string,
  state: Readonly<Record<string, unknown>>,
): Promise<readonly TrainingRun[]> {
  const run = await lastTraining(directory, state);
  if (!run)
    return existsSync(join(directory, 'rdf.yaml')) ? historyOf(await readModelPackage(directory)) : [];
  const from = run.settings['from'];
  // a night names its champion by digest: that package has the rest
  const before =
    typeof from === 'string' && run.settings['command'] !== 'retrain'
      ? await trainingHistory(dirname(from), (await readCheckpoint(from)).state)
      : [];
  return [...before, { ...run, settings: withoutPaths(run.settings) }];
}

/** What a package says of its trainings; nothing when it is of another program. */
export function historyOf({ training }: Pick<ModelPackage, 'training'>): readonly TrainingRun[] {
  const { data } = histories.safeParse(training);
  return data ?? [];
}

const histories = z.array(
  z.looseObject({
    command: z.string(),
    settings: z.record(z.string(), z.unknown()),
    engine: z.string(),
    steps: z.number(),
    seconds: z.number().exactOptional(),
    finalLosses: z.record(z.string(), z.number()),
  }),
);

/** The training of one run directory, up to the step of a checkpoint; its settings as they were given. */
export async function lastTraining(
  directory: string,
  state: Readonly<Record<string, unknown>>,
): Promise<TrainingRun | undefined> {
  const settings = await readJson(join(directory, 'run.json'));
  if (!settings) return undefined;
  // a killed and resumed run has logged some steps twice: the last one counts
  const byStep = new Map(
    (await readLog(join(directory, 'log.jsonl'))).filter(isStep).map((entry) => [entry.step, entry]),
  );
  const reached = typeof state['step'] === 'number' ? state['step'] : Infinity;
  const counted = [...byStep.values()].filter(({ step }) => step <= reached);
  const seconds = counted.reduce((sum, step) => sum + step.seconds, 0);
  const tail = counted.slice(-TAIL);
  const names = Object.keys(tail[0]?.losses ?? {});
  const mean = (name: string) => tail.reduce((sum, { losses }) => sum + (losses[name] ?? 0), 0) / tail.length;
  return {
    command: String(settings['command']),
    settings,
    engine: String(state['engine'] ?? 'unknown'),
    steps: counted.length,
    seconds: Math.round(seconds),
    finalLosses: Object.fromEntries(names.map((name) => [name, Number(mean(name).toFixed(5))])),
  };
}

async function readJson(file: string): Promise<Record<string, unknown> | undefined> {
  return existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>) : undefined;
}

/** Paths as a package may tell them: their last part. */
export function withoutPaths(settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const cut = (value: unknown): unknown =>
    typeof value === 'string' && value.includes('/')
      ? shortened(value)
      : Array.isArray(value)
        ? value.map(cut)
        : value;
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, cut(value)]));
}

/** `../shared/data/x.h5:/volumes/raw` -> `x.h5:/volumes/raw`, `runs/pretrain/checkpoint.safetensors` -> its last two parts. */
function shortened(location: string): string {
  const [path = '', dataset] = location.split(/:(?=\/)/);
  const short = path.endsWith('.safetensors')
    ? join(basename(dirname(path)), basename(path))
    : basename(path);
  return dataset ? `${short}:${dataset}` : short;
}

import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pastReportSchema, type PastReport } from './schema.ts';

/** Losses of one step of the training. */
export interface LossPoint {
  readonly step: number;
  readonly loss: number;
}

/**
 * The loss of each step, from `run/log.jsonl`. Of a step that was done twice, after an interruption, the second counts; lines that
 * are not whole are left out: a report must not fail for them.
 */
export async function readLosses(nightDirectory: string): Promise<LossPoint[]> {
  const text = await readFile(join(nightDirectory, 'run', 'log.jsonl'), 'utf8').catch(() => '');
  const losses = new Map<number, number>();
  for (const line of text.split('\n')) {
    const { step, loss } = pointOf(line);
    if (Number.isInteger(step) && Number.isFinite(loss)) losses.set(step, loss);
  }
  return [...losses].map(([step, loss]) => ({ step, loss })).toSorted((a, b) => a.step - b.step);
}

function pointOf(line: string): LossPoint {
  try {
    const { step, losses } = JSON.parse(line) as { step?: unknown; losses?: { total?: unknown } }; // checked by whoever asks
    return { step: Number(step), loss: Number(losses?.total ?? NaN) };
  } catch {
    return { step: NaN, loss: NaN };
  }
}

/**
 * Reports of the last nights before this one, oldest first. What cannot be read, or is of another format, is left out.
 *
 * @param most how many
 */
export async function readHistory(
  nightDirectory: string,
  night: string,
  most: number,
): Promise<PastReport[]> {
  const nights = dirname(nightDirectory);
  const names = await readdir(nights).catch(() => []);
  const past: PastReport[] = [];
  for (const name of names
    .filter((other) => inOrder(other, night) < 0)
    .toSorted(inOrder)
    .toReversed()) {
    if (past.length === most) break;
    const report = await readPast(join(nights, name, 'report.json'));
    if (report) past.push(report);
  }
  return past.toReversed();
}

async function readPast(file: string): Promise<PastReport | undefined> {
  try {
    return pastReportSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** `2026-11-24-9` is before `2026-11-24-10`. */
const inOrder = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });

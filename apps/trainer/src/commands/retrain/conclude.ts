import { join } from 'node:path';
import { readJson, writeFileAtomically, writeJson } from '../../json-file.ts';
import { dataOf, heldOut, toTrainOn } from './context.ts';
import { championFolder } from './download.ts';
import { isFullDisk, messageOf } from './errors.ts';
import type { NightDirectory } from './night-directory.ts';
import type { Comparison, ModelName, Night, NightReport, NightSteps, Outcome } from './types.ts';

/** How a night ended, or why this call of it did. */
export interface End {
  readonly outcome: Outcome;
  /** One sentence. */
  readonly reason: string;
  readonly exitCode: number;
  /** False: the same command goes on with it. */
  readonly ended: boolean;
  /** Who is champion, where that is not whom the night knows of. */
  readonly serving?: ModelName;
}

export interface Conclusion {
  readonly directory: NightDirectory;
  readonly tools: Pick<NightSteps, 'writeReport'>;
  readonly end: End;
  readonly now: () => number;
  readonly notes: readonly string[];
}

/** After these, the annotations are no news any more. A night that failed is tried again with the same. */
const usedUp: readonly Outcome[] = ['promoted', 'kept', 'rolled-back'];

/**
 * Writes down how a night ended. In this order: killed in between, the next call does the same again, and only the last
 * write ends the night.
 *
 * @returns the night as it is now
 */
export async function conclude(conclusion: Conclusion, night: Night): Promise<Night> {
  const { directory, tools, end } = conclusion;
  const { outcome, reason, exitCode, ended } = end;
  if (ended && usedUp.includes(outcome)) await directory.addSeen(toTrainOn(night).map(({ key }) => key));
  const report = await reportOf(conclusion, night);
  await directory.publishReport(await written(tools, directory.of(night.id), report));
  if (!ended) return night;
  const after: Night = { ...night, end: { outcome, reason, exitCode } };
  await directory.write(after);
  await directory.prune(report.serving && championFolder(report.serving));
  return after;
}

/** A report that cannot be drawn must not keep a night from ending: then it is plain. */
async function written(
  tools: Conclusion['tools'],
  path: string,
  report: NightReport,
): Promise<{ readonly json: string; readonly html: string }> {
  try {
    return await tools.writeReport(path, report);
  } catch (error) {
    if (isFullDisk(error)) throw error;
    const [json, html] = [join(path, 'report.json'), join(path, 'report.html')];
    const note = `The report could not be drawn: ${messageOf(error)}`;
    await writeJson(json, { ...report, notes: [...report.notes, note] });
    const text = `${report.night}: ${report.outcome}. ${report.reason} ${note}`.replace(
      /[<&]/g,
      (c) => `&#${c.charCodeAt(0)};`,
    );
    await writeFileAtomically(
      html,
      `<!doctype html><meta charset="utf-8"><title>Night</title><p>${text}</p>\n`,
    );
    return { json, html };
  }
}

async function reportOf({ directory, end, now, notes }: Conclusion, night: Night): Promise<NightReport> {
  const { id, startedAt, software, server, fresh, training, gate, steps } = night;
  const { outcome, reason, exitCode, ended } = end;
  const champion = dataOf(night, 'champion')?.champion;
  const challenger = dataOf(night, 'export')?.challenger;
  const serving = end.serving ?? servingOf(night, champion);
  const [decision, smoke] = [dataOf(night, 'decide'), dataOf(night, 'smoke')];
  const comparison = dataOf(night, 'evaluate')
    ? ((await readJson(directory.of(id, 'comparison.json'))) as Comparison | undefined) // the step wrote it
    : undefined;
  return {
    ...{ night: id, outcome, reason, exitCode, resumable: !ended },
    ...{ startedAt, finishedAt: new Date(now()).toISOString() },
    seconds: steps.reduce((sum, { seconds }) => sum + seconds, 0),
    ...{ software, server },
    ...(champion && { champion }),
    ...(challenger && { challenger }),
    ...(serving && { serving }),
    annotations: { train: toTrainOn(night), heldOut: heldOut(night), fresh },
    ...{ training, gate },
    ...(comparison && { comparison }),
    ...(decision && { decision }),
    ...(smoke && { smoke }),
    ...{ steps, notes },
  };
}

function servingOf(night: Night, champion: ModelName | undefined): ModelName | undefined {
  if (dataOf(night, 'roll-back')) return dataOf(night, 'roll-back')?.champion;
  if (dataOf(night, 'promote')) return dataOf(night, 'promote')?.to;
  // a promotion that was begun may have been done
  return night.promoting ? undefined : champion;
}

/**
 * What is told in the morning: report.json for programs, report.html for people.
 *
 * @module
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { shown } from '../../../annotations/location.ts';
import { writeFileAtomically, writeJson } from '../../../json-file.ts';
import type { NightReport } from '../types.ts';
import { page } from './page.ts';
import { readHistory, readLosses } from './read.ts';
import { reportFileOf } from './schema.ts';

export { reportSchema, type ReportFile } from './schema.ts';

/** Nights in the history, this one included. */
const NIGHTS = 30;

/**
 * Writes `report.json` (`reportSchema`) and `report.html` into the night's directory, in place of what was there. The page also shows
 * the training's `run/log.jsonl` and the reports of other nights beside this one, where they are there. The same input gives the
 * same bytes.
 *
 * @throws ZodError for a report that is none; what the file system throws
 */
export async function writeReport(
  directory: string,
  report: NightReport,
): Promise<{ readonly json: string; readonly html: string }> {
  const file = reportFileOf(report, shown);
  const pictures = report.comparison?.worst.map(({ picture }) => picture);
  const [losses, past] = await Promise.all([
    readLosses(directory),
    readHistory(directory, report.night, NIGHTS - 1),
  ]);
  const { comparison, annotations, server } = file;
  const whole = {
    ...report,
    ...{ annotations, server },
    ...(comparison && {
      comparison: {
        ...comparison,
        worst: comparison.worst.map((neuron, i) => ({ ...neuron, picture: pictures?.[i] })),
      },
    }),
  } as NightReport; // what it was, less what URLs hide
  const paths = { json: join(directory, 'report.json'), html: join(directory, 'report.html') };
  const text = page(whole, { losses, history: [...past, file] });
  await mkdir(directory, { recursive: true });
  await writeFileAtomically(paths.html, text);
  await writeJson(paths.json, file);
  return paths;
}

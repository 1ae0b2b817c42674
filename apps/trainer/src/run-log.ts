import { existsSync } from 'node:fs';
import { appendFile, readFile } from 'node:fs/promises';

/** A line of `log.jsonl`: a step, a look at held-out voxels, a warning. */
export interface LogEntry extends Readonly<Record<string, unknown>> {
  readonly kind: string;
  readonly step: number;
}

/** Whole lines, in the order in which they were written. */
export async function readLog(file: string): Promise<readonly LogEntry[]> {
  if (!existsSync(file)) return [];
  return (await readFile(file, 'utf8')).split('\n').flatMap((line) => {
    try {
      const entry = JSON.parse(line) as LogEntry; // `log` wrote it
      return typeof entry.step === 'number' ? [entry] : [];
    } catch {
      return []; // the empty end, and a line that a killed run did not finish
    }
  });
}

/** A run that was killed while it wrote a line must not spoil the next one. */
export async function endLastLine(file: string): Promise<void> {
  if (existsSync(file) && !/(^|\n)$/.test(await readFile(file, 'utf8'))) await appendFile(file, '\n');
}

import type { JobRecord } from './record.ts';
import type { State } from './types.ts';

/** A job that a process was killed in so often, before it came any further, is most likely what kills it. */
export const MOST_INTERRUPTIONS = 20;

type Row = Record<string, unknown>;

/** A row of `segmentations`. */
export function fromRow(row: Row): JobRecord {
  const text = (name: string): string | undefined => (row[name] === null ? undefined : String(row[name]));
  const number = (name: string): number | undefined => (row[name] === null ? undefined : Number(row[name]));
  // columns of JSON hold what this class wrote
  const json = (name: string) => (row[name] === null ? undefined : JSON.parse(String(row[name])));
  const optional = {
    name: text('name'),
    parent: text('parent'),
    startedAt: number('started_at'),
    finishedAt: number('finished_at'),
    progress: json('progress'),
    result: json('result'),
    error: json('error'),
  };
  const present = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  return {
    id: String(row['id']),
    owner: String(row['owner']),
    state: String(row['state']) as State, // the column is checked
    ...json('request'),
    spec: json('spec'),
    model: json('model'),
    createdAt: Number(row['created_at']),
    queuedAt: Number(row['queued_at']),
    workedMs: Number(row['worked_ms']),
    warnings: json('warnings'),
    ...present,
  };
}

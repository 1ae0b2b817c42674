import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { SEGMENTATION_ID, type COMPARISON_STATES } from '../contract/index.ts';
import { checkCursor } from '../parameters.ts';
import type { Page } from '../volumes/types.ts';
import { iso } from './json.ts';
import type { ComparisonJson, ComparisonPage, DeploymentJson } from './types.ts';

const DEFAULT_PAGE = 100;
type Named = (digest: string) => ComparisonJson['champion'];

/** What shadow runs have found, for those who read it. */
export class Comparisons {
  readonly #db: DatabaseSync;
  readonly #named: Named;

  /** @param named the names of a digest */
  constructor(db: DatabaseSync, named: Named) {
    this.#db = db;
    this.#named = named;
  }

  /** Newest first. */
  page({
    limit = DEFAULT_PAGE,
    cursor,
    challenger,
  }: Page & { readonly challenger?: string | undefined }): ComparisonPage {
    checkCursor(cursor, SEGMENTATION_ID);
    const rows = this.#db
      .prepare(
        `select * from comparisons where segmentation < ?1 and (?2 is null or challenger = ?2)
         order by segmentation desc limit ?3`,
      )
      // no id begins with a character behind this one
      .all(cursor ?? '~', challenger ?? null, limit + 1);
    const items = rows.slice(0, limit).map((row) => this.#json(row));
    const last = items.at(-1);
    return { items, ...(rows.length > limit && last && { next: last.segmentation }) };
  }

  /** Means of what two versions have both segmented. */
  agreement(champion: string, challenger: string): NonNullable<DeploymentJson['agreement']> {
    const row = this.#db
      .prepare(
        `select count(*) as runs, avg(voi_split) as split, avg(voi_merge) as merge from comparisons
         where champion = ? and challenger = ? and state = 'done'`,
      )
      .get(champion, challenger);
    const runs = Number(row?.['runs'] ?? 0);
    return { runs, ...(runs > 0 && row && voiOf(row['split'], row['merge'])) };
  }

  #json(row: Record<string, SQLOutputValue>): ComparisonJson {
    const given = (name: string) => row[name] !== null;
    return {
      segmentation: String(row['segmentation']),
      champion: this.#named(String(row['champion'])),
      challenger: this.#named(String(row['challenger'])),
      state: row['state'] as (typeof COMPARISON_STATES)[number], // the table checks it
      createdAt: iso(Number(row['created_at'])),
      ...(given('finished_at') && { finishedAt: iso(Number(row['finished_at'])) }),
      ...(given('voxels') && { voxels: Number(row['voxels']) }),
      ...(given('voi_split') && given('voi_merge') && voiOf(row['voi_split'], row['voi_merge'])),
      ...(given('detail') && { detail: String(row['detail']) }),
    };
  }
}

const voiOf = (split: SQLOutputValue | undefined, merge: SQLOutputValue | undefined) => ({
  voi: Number(split) + Number(merge),
  voiSplit: Number(split),
  voiMerge: Number(merge),
});

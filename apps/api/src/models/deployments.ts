import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { transaction } from '../database.ts';
import type { Alias } from './types.ts';

export interface AliasChange {
  readonly at: number;
  readonly kind: 'start' | 'promote' | 'challenge' | 'rollback' | 'clear';
  readonly alias: Alias;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly by: string;
  readonly reason: string | undefined;
}

export interface Traffic {
  readonly canaryPercent: number;
  readonly shadowPercent: number;
}

/** Which version has which alias, how that came to be, and the shares of the challenger. */
export class Deployments {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  digestOf(alias: Alias): string | undefined {
    const row = this.#db.prepare('select digest from aliases where alias = ?').get(alias);
    return row && String(row['digest']);
  }

  aliasesOf(digest: string): Alias[] {
    const rows = this.#db.prepare('select alias from aliases where digest = ? order by alias').all(digest);
    return rows.map((row) => row['alias'] as Alias); // the table checks it
  }

  /**
   * An alias moves and the history says so, in one write. Who becomes champion is no challenger any more. The canary's share
   * was meant for that challenger: another one, which may be the worse model of a night, does no job before it is given one.
   *
   * @param traffic changed in the same write
   */
  move(change: Omit<AliasChange, 'from'>, traffic?: Traffic): void {
    const { alias, to } = change;
    transaction(this.#db, () => {
      if (traffic) this.direct(traffic);
      const from = this.digestOf(alias);
      const challenger = this.digestOf('challenger');
      if (to === undefined) this.#run('delete from aliases where alias = ?', alias);
      else
        this.#run(
          'insert into aliases (alias, digest) values (?, ?) on conflict (alias) do update set digest = excluded.digest',
          alias,
          to,
        );
      if (alias === 'champion')
        this.#run("delete from aliases where alias = 'challenger' and digest = ?", to ?? null);
      if (this.digestOf('challenger') !== challenger) this.#run('update traffic set canary_percent = 0');
      this.#run(
        'insert into alias_changes (at, kind, alias, from_digest, to_digest, by, reason) values (?, ?, ?, ?, ?, ?, ?)',
        ...[change.at, change.kind, alias, from ?? null, to ?? null, change.by, change.reason ?? null],
      );
    });
  }

  /** Newest first. */
  history(limit: number): AliasChange[] {
    const rows = this.#db.prepare('select * from alias_changes order by seq desc limit ?').all(limit);
    return rows.map(changeOf);
  }

  /** The last change of an alias. */
  lastOf(alias: Alias): AliasChange | undefined {
    const sql = 'select * from alias_changes where alias = ? order by seq desc limit 1';
    const row = this.#db.prepare(sql).get(alias);
    return row && changeOf(row);
  }

  /**
   * Who was champion before, the last one first: a roll back takes the one that is there off this pile.
   */
  formerChampions(): string[] {
    const rows = this.#db
      .prepare("select kind, to_digest from alias_changes where alias = 'champion' order by seq")
      .all();
    const pile: string[] = [];
    for (const row of rows) {
      const to = String(row['to_digest']);
      if (row['kind'] === 'rollback') while (pile.length > 0 && pile.at(-1) !== to) pile.pop();
      if (pile.at(-1) !== to) pile.push(to);
    }
    return pile.slice(0, -1).reverse();
  }

  traffic(): Traffic {
    const row = this.#db.prepare('select canary_percent, shadow_percent from traffic').get();
    return {
      canaryPercent: Number(row?.['canary_percent'] ?? 0),
      shadowPercent: Number(row?.['shadow_percent'] ?? 0),
    };
  }

  direct({ canaryPercent, shadowPercent }: Traffic): void {
    this.#run('update traffic set canary_percent = ?, shadow_percent = ?', canaryPercent, shadowPercent);
  }

  #run(sql: string, ...values: SQLInputValue[]): void {
    this.#db.prepare(sql).run(...values);
  }
}

function changeOf(row: Record<string, SQLOutputValue>): AliasChange {
  const text = (name: string) => (row[name] === null ? undefined : String(row[name]));
  return {
    at: Number(row['at']),
    kind: row['kind'] as AliasChange['kind'], // written by `move`
    alias: row['alias'] as AliasChange['alias'],
    from: text('from_digest'),
    to: text('to_digest'),
    by: String(row['by']),
    reason: text('reason'),
  };
}

import type { DatabaseSync } from 'node:sqlite';
import type { ModelPackage } from '@tokenunify/model';
import { ALIASES } from '../contract/index.ts';
import { Comparisons } from './comparisons.ts';
import { Deployments } from './deployments.ts';
import { changeJson, nameOf } from './json.ts';
import { noModel, retired } from './problems.ts';
import { ModelRows } from './repository.ts';
import { packageIn, type ModelRow } from './rows.ts';
import type { Alias, DeploymentJson } from './types.ts';

const HISTORY = 100;

/** What there is and what it is called: everything that is read without touching a file. */
export class Catalog {
  readonly rows: ModelRows;
  readonly deployments: Deployments;
  readonly comparisons: Comparisons;
  readonly #pathOf: (digest: string) => string;

  /** @param pathOf where the package of a digest lies */
  constructor(db: DatabaseSync, pathOf: (digest: string) => string) {
    this.rows = new ModelRows(db);
    this.deployments = new Deployments(db);
    this.comparisons = new Comparisons(db, (digest) => this.#named(digest));
    this.#pathOf = pathOf;
  }

  /** @throws `model-not-found`, or `unknown-model` where a request names it */
  find(reference: string, code: 'unknown-model' | 'model-not-found' = 'model-not-found'): ModelRow {
    const named = this.#find(reference);
    const [row] = named;
    if (row === undefined || named.length > 1) throw noModel(code, reference, named);
    return row;
  }

  /** @throws `model-retired`, and as `find` */
  findReady(reference: string, code?: 'unknown-model'): ModelRow {
    const row = this.find(reference, code);
    if (row.state === 'retired') throw retired(row);
    return row;
  }

  /** There is one from the first start on. */
  champion(): ModelRow {
    return this.find('champion');
  }

  challenger(): ModelRow | undefined {
    const digest = this.deployments.digestOf('challenger');
    return digest === undefined ? undefined : this.rows.get(digest);
  }

  /** What a roll back makes champion: who was it last, and is ready. */
  previous(): ModelRow | undefined {
    const champion = this.deployments.digestOf('champion');
    return this.deployments
      .formerChampions()
      .filter((digest) => digest !== champion)
      .map((digest) => this.rows.get(digest))
      .find((row) => row?.state === 'ready');
  }

  packageOf(row: ModelRow): ModelPackage {
    return packageIn(this.#pathOf(row.digest), row);
  }

  deployment(): DeploymentJson {
    const [champion, challenger, previous] = [this.champion(), this.challenger(), this.previous()];
    return {
      champion: nameOf(champion),
      ...(challenger && { challenger: nameOf(challenger) }),
      ...(previous && { previous: nameOf(previous) }),
      ...this.deployments.traffic(),
      ...(challenger && { agreement: this.comparisons.agreement(champion.digest, challenger.digest) }),
      history: this.deployments
        .history(HISTORY)
        .map((change) => changeJson(change, (digest) => this.#named(digest))),
    };
  }

  #find(reference: string): ModelRow[] {
    const digest = isAlias(reference) ? this.deployments.digestOf(reference) : reference;
    const row = digest === undefined ? undefined : this.rows.get(digest);
    if (row !== undefined || isAlias(reference)) return row ? [row] : [];
    const named = this.rows.readyNamed(reference);
    const champion = this.deployments.digestOf('champion');
    const own = named.filter((version) => version.digest === champion);
    return own.length > 0 ? own : named;
  }

  #named(digest: string): ReturnType<typeof nameOf> {
    return nameOf(this.rows.get(digest) ?? { digest, name: 'unknown', version: '0.0.0' });
  }
}

export const isAlias = (reference: string): reference is Alias =>
  (ALIASES as readonly string[]).includes(reference);

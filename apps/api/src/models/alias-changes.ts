import type { Mutex } from '../volumes/mutex.ts';
import type { Catalog } from './catalog.ts';
import type { Traffic } from './deployments.ts';
import type { LoadedVersions } from './loaded.ts';
import { aliasMoved, hasAlias, noPrevious } from './problems.ts';
import type { ModelRow } from './rows.ts';
import type { Alias, AliasChangeRequest, Author, DeploymentChange, DeploymentJson } from './types.ts';

export interface AliasChangesOptions {
  readonly catalog: Catalog;
  readonly loaded: LoadedVersions;
  /** Runs what changes versions, one after the other. */
  readonly changes: Mutex;
  readonly now: () => number;
}

type Change = AliasChangeRequest & Author;
const never = new AbortController().signal;

/** How aliases move: the version is loaded and warm first, then one write moves the alias, then the one before may go. */
export class AliasChanges {
  readonly #options: AliasChangesOptions;

  constructor(options: AliasChangesOptions) {
    this.#options = options;
  }

  promote(reference: string, change: Change, signal: AbortSignal): Promise<DeploymentJson> {
    const { catalog, changes } = this.#options;
    return changes.run(async () => {
      const row = catalog.findReady(reference);
      // also when it was sent twice, and the first answer was lost
      if (row.digest === catalog.champion().digest) return catalog.deployment();
      this.#check(change);
      return this.#crown('promote', row, change, signal);
    });
  }

  rollBack(change: Change, signal: AbortSignal): Promise<DeploymentJson> {
    const { catalog, changes } = this.#options;
    return changes.run(async () => {
      if (this.#isRolledBack(change)) return catalog.deployment();
      this.#check(change);
      const previous = catalog.previous();
      if (previous === undefined) throw noPrevious(catalog.champion());
      return this.#crown('rollback', previous, change, signal);
    });
  }

  challenge(reference: string, change: Change, signal: AbortSignal): Promise<DeploymentJson> {
    const { catalog, loaded, changes } = this.#options;
    return changes.run(async () => {
      const row = catalog.findReady(reference);
      const former = catalog.challenger();
      if (row.digest === former?.digest) return catalog.deployment();
      this.#check(change);
      if (row.digest === catalog.champion().digest) throw hasAlias(row, 'champion');
      return this.#whileLoaded(hasWork(catalog.deployments.traffic()) ? row : undefined, signal, () => {
        this.#move('challenge', 'challenger', row.digest, change);
        if (former) loaded.drain(former.digest);
      });
    });
  }

  /** Shares of the challenger, and whether there is one. */
  direct(change: DeploymentChange & Author): Promise<DeploymentJson> {
    const { catalog, loaded, changes } = this.#options;
    return changes.run(async () => {
      const before = catalog.deployments.traffic();
      const traffic = {
        canaryPercent: change.canaryPercent ?? before.canaryPercent,
        shadowPercent: change.shadowPercent ?? before.shadowPercent,
      };
      const challenger = catalog.challenger();
      const clear = change.challenger === null && challenger !== undefined;
      return this.#whileLoaded(hasWork(traffic) && !clear ? challenger : undefined, never, () => {
        if (!clear) return catalog.deployments.direct(traffic);
        this.#move('clear', 'challenger', undefined, change, traffic);
        loaded.drain(challenger.digest);
      });
    });
  }

  #crown(
    kind: 'promote' | 'rollback',
    row: ModelRow,
    change: Change,
    signal: AbortSignal,
  ): Promise<DeploymentJson> {
    const { catalog, loaded } = this.#options;
    const former = catalog.champion().digest;
    return this.#whileLoaded(row, signal, () => {
      this.#move(kind, 'champion', row.digest, change);
      loaded.drain(former);
    });
  }

  /** A caller who has gone before the version was loaded has changed nothing. */
  async #whileLoaded(
    row: ModelRow | undefined,
    signal: AbortSignal,
    change: () => void,
  ): Promise<DeploymentJson> {
    const { catalog, loaded } = this.#options;
    const lease = row && (await loaded.acquire(catalog.packageOf(row), signal, { beyondLimit: true }));
    try {
      signal.throwIfAborted();
      change();
    } finally {
      lease?.release();
    }
    loaded.settle();
    return catalog.deployment();
  }

  #move(
    kind: 'promote' | 'rollback' | 'challenge' | 'clear',
    alias: Alias,
    to: string | undefined,
    { by, reason }: Author & { readonly reason?: string | undefined },
    traffic?: Traffic,
  ): void {
    const { catalog, now } = this.#options;
    catalog.deployments.move({ at: now(), kind, alias, to, by, reason }, traffic);
  }

  /** The request was sent twice, and the first answer was lost. */
  #isRolledBack({ expected }: Change): boolean {
    const last = this.#options.catalog.deployments.lastOf('champion');
    return last?.kind === 'rollback' && last.from === expected;
  }

  /** @throws `alias-moved` */
  #check({ expected }: Change): void {
    const champion = this.#options.catalog.champion();
    if (expected !== undefined && expected !== champion.digest) throw aliasMoved(expected, champion);
  }
}

/** Whether the challenger gets any work. */
export const hasWork = ({ canaryPercent, shadowPercent }: Traffic): boolean =>
  canaryPercent + shadowPercent > 0;

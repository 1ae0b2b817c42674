/**
 * A night as a state machine: steps in a fixed order, each recorded in night.json when it is done, none of them done again
 * once it is. Whatever ends the process, the next call reads how far it came and goes on.
 */
import { createHash } from 'node:crypto';
import { readModelPackage } from '@tokenunify/model';
import type { Reporter } from '../../progress/reporter.ts';
import { linked } from './abort.ts';
import { dataBefore, dataOf, type Context, type NightTools, type Step } from './context.ts';
import type { RetrainConfig } from './config.ts';
import { fetchChampion } from './download.ts';
import { isFullDisk, messageOf, NightError, nightExitCodes, withResumable, wrong } from './errors.ts';
import { conclude, type End } from './conclude.ts';
import { explain } from './explain.ts';
import type { NightDirectory } from './night-directory.ts';
import { createAsk, sayModel, type Registry } from './registry.ts';
import { champion } from './steps/champion.ts';
import { evaluate, exporting, train } from './steps/challenger.ts';
import { promote, rollBack, smoke } from './steps/promote.ts';
import { decide, publish } from './steps/publish.ts';
import { isOutdated, read } from './steps/read.ts';
import { stepNames, type Night, type StepName, type StepRecord } from './types.ts';

export interface NightOptions {
  readonly config: RetrainConfig;
  readonly directory: NightDirectory;
  readonly registry: Registry;
  readonly tools: NightTools;
  /** Of the program, for the report. */
  readonly software: string;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  /** Aborts with a DeadlineReached when time is over. */
  readonly deadline?: AbortSignal | undefined;
  /** ms since 1970. */
  readonly now: () => number;
  readonly sleep?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined;
}

const steps: { readonly [Name in StepName]: Step<Name> } = {
  ...{ read, champion, train, evaluate, publish, decide, promote, smoke },
  export: exporting,
  'roll-back': rollBack,
};

/** Promoted, or perhaps: from here on a smoke test is owed, and nothing but a signal stops what is left. */
const owed: readonly StepName[] = ['promote', 'smoke', 'roll-back'];

/**
 * Runs a night, or goes on with one that did not end. The directory must be claimed.
 *
 * @returns how it ended, once the report is written
 * @throws the signal's reason (the night can be gone on with); errors of a directory that cannot be written at all
 */
export async function runNight(options: NightOptions): Promise<End> {
  const machine = new Machine(options);
  try {
    return await machine.run();
  } finally {
    machine.close();
  }
}

class Machine {
  readonly #options: NightOptions;
  readonly #context: Context;
  readonly #notes: string[] = [];
  readonly #link: ReturnType<typeof linked>;
  #night: Night | undefined;
  /** A record that found no room: what is owed after a promotion is done all the same, and then this is said. */
  #unwritten: unknown;

  constructor(options: NightOptions) {
    this.#options = options;
    const { config, directory, registry, tools, now, sleep, signal: userSignal, deadline } = options;
    this.#link = linked([userSignal, ...(deadline ? [deadline] : [])]);
    const { signal } = this.#link;
    const reporter: Reporter = {
      ...options.reporter,
      note: (text) => {
        this.#notes.push(text);
        options.reporter.note(text);
      },
    };
    const asking = {
      server: config.server.url,
      seconds: config.server.patienceSeconds,
      reporter,
      sleep,
      now,
    };
    const ask = createAsk({ ...asking, signal });
    const askOwed = createAsk({ ...asking, signal: userSignal });
    this.#context = {
      ...{ config, directory, registry, tools, reporter, signal, userSignal, ask, askOwed, now, sleep },
      night: () => this.#current,
      remember: (change) => this.#remember(change),
      champion: () =>
        fetchChampion(
          { directory, registry, ask, reporter, signal },
          dataBefore(this.#current, 'champion').champion,
        ),
      challenger: (digest) => this.#challenger(digest),
    };
  }

  close(): void {
    this.#link.unlink();
  }

  get #current(): Night {
    if (!this.#night) throw new Error('There is no night yet.');
    return this.#night;
  }

  async run(): Promise<End> {
    const { directory } = this.#options;
    try {
      this.#night = await directory.open();
      if (this.#night) {
        this.#checkServer(this.#night);
        const stale = await this.#whyAbandon(this.#night);
        if (stale !== undefined) await this.#abandon(stale);
        else await this.#goOn(this.#night);
      }
      if (!this.#night) await this.#begin();
      return await this.#go();
    } catch (error) {
      return this.#failed(error);
    }
  }

  async #goOn(night: Night): Promise<void> {
    this.#context.reporter.note(`Going on with night ${night.id}.`);
    // nothing was made of the manifest yet: it may have grown
    if (!dataOf(night, 'champion')) this.#night = { ...night, steps: [] };
    else if (!dataOf(night, 'train') && (await isOutdated(this.#context))) await this.#giveUp(night);
  }

  /** What a promotion owes is owed to the server that it was on. */
  #checkServer({ id, promoting, server }: Night): void {
    const { url } = this.#options.config.server;
    if (promoting === undefined || server === url) return;
    throw withResumable(
      wrong(
        `Night ${id} promoted ${sayModel(promoting.to)} on ${server} and owes it a smoke test, but server.url is ${url}; set it back and run again, or roll back there and remove the directory of that night.`,
      ),
      true,
    );
  }

  async #giveUp({ id }: Night): Promise<void> {
    await this.#abandon(
      `Annotations of night ${id} are not in the manifest any more, so it is given up and a new one begins`,
    );
  }

  /** Why a night that did not end is not gone on with. One that has promoted always is: its smoke test is owed. */
  async #whyAbandon(night: Night): Promise<string | undefined> {
    if (dataOf(night, 'promote')) return undefined;
    const { registry, askOwed, userSignal: signal } = this.#context;
    const began = dataOf(night, 'champion')?.champion;
    const serving = began && (await askOwed(() => registry.deployment({ signal }))).champion;
    if (night.promoting && serving?.digest === night.promoting.to.digest) return undefined;
    if (night.fingerprint !== fingerprintOf(this.#options))
      return `The settings changed since night ${night.id} began, so it is given up and a new one begins`;
    if (began && serving?.digest !== began.digest)
      return `The champion changed since night ${night.id} began, so it is given up and a new one begins`;
    return undefined;
  }

  async #abandon(reason: string): Promise<void> {
    this.#context.reporter.note(`${reason}.`);
    await this.#conclude({
      outcome: 'failed',
      reason: `${reason}.`,
      exitCode: nightExitCodes.failed,
      ended: true,
    });
    this.#night = undefined;
    this.#notes.length = 0;
  }

  async #begin(): Promise<void> {
    const { directory, config, software, now } = this.#options;
    const startedAt = new Date(now()).toISOString();
    await directory.prune(undefined);
    const id = await directory.newId(startedAt.slice(0, 10));
    this.#night = {
      ...{ version: 1, id, startedAt, software, fingerprint: fingerprintOf(this.#options) },
      ...{ server: config.server.url, training: config.training, gate: config.gate },
      ...{ annotations: [], fresh: [], steps: [] },
    };
    await directory.write(this.#night);
    this.#context.reporter.note(`Night ${id} begins.`);
  }

  async #go(): Promise<End> {
    for (const name of stepNames) {
      const before = this.#endBefore(name);
      if (before) return this.#conclude(before);
      // hours lie between the first look at the annotations and what decides by them
      if (name === 'evaluate' && !dataOf(this.#current, name) && (await isOutdated(this.#context))) {
        await this.#giveUp(this.#current);
        await this.#begin();
        return this.#go();
      }
      if (dataOf(this.#current, name) === undefined) await this.#do(name);
    }
    const { reason } = dataBefore(this.#current, 'smoke');
    const { from, to } = dataBefore(this.#current, 'promote');
    const { unanswered } = dataBefore(this.#current, 'roll-back');
    return this.#conclude({
      outcome: 'rolled-back',
      reason: `${sayModel(to)} was promoted and rolled back to ${sayModel(from)}: ${reason}${unanswered === undefined ? '' : ` The old champion is back, but ${unanswered}.`}`,
      ...{ exitCode: nightExitCodes.rolledBack, ended: true },
    });
  }

  /** Whether the night is over before this step. */
  #endBefore(name: StepName): (End & { readonly ended: true }) | undefined {
    const night = this.#current;
    const exitCode = nightExitCodes.ended;
    if (name === 'champion' && night.fresh.length === 0)
      return {
        ...{ outcome: 'nothing-new', exitCode, ended: true },
        reason: `No annotation to train on is new (${dataBefore(night, 'read').train} were used before), so nothing was trained; add some with \`npx tokenunify annotate\`.`,
      };
    const decision = dataOf(night, 'decide');
    if (name === 'promote' && !decision?.promote)
      return { outcome: 'kept', reason: decision?.reason ?? '', exitCode, ended: true };
    const smoked = dataOf(night, 'smoke');
    if (name === 'roll-back' && smoked?.passed)
      return {
        ...{ outcome: 'promoted', exitCode, ended: true },
        reason: `${decision?.reason ?? ''} ${smoked.reason}`,
      };
    return undefined;
  }

  async #do<Name extends StepName>(name: Name): Promise<void> {
    const { now } = this.#options;
    const isOwed = owed.includes(name);
    if (name === 'promote' || !isOwed) this.#context.signal.throwIfAborted();
    this.#options.signal.throwIfAborted();
    const index = stepNames.indexOf(name);
    const began = now();
    const { summary, data } = await steps[name](this.#context);
    const at = new Date(now()).toISOString();
    // the step of this name made this data
    const record = {
      step: name,
      at,
      seconds: (now() - began) / 1000,
      summary,
      data,
    } as unknown as StepRecord;
    await this.#remember({ steps: [...this.#current.steps, record] });
    const told = { stage: 'night', step: name, done: index + 1, total: stepNames.length, result: data };
    this.#options.reporter.note(`${name}: ${summary}`, told);
  }

  async #remember(change: Partial<Night>): Promise<void> {
    this.#night = { ...this.#current, ...change };
    try {
      await this.#options.directory.write(this.#night);
      this.#unwritten = undefined;
    } catch (error) {
      if (!dataOf(this.#night, 'promote')) throw error;
      this.#unwritten = error;
    }
  }

  async #challenger(digest = dataBefore(this.#current, 'export').challenger.digest) {
    const path = this.#options.directory.of(this.#current.id, 'package');
    const refuse = (why: string, cause?: unknown) =>
      new NightError(`The challenger is refused: ${why}`, {
        ...{ exitCode: nightExitCodes.failed, outcome: 'refused', cause },
      });
    const model = await readModelPackage(path).catch((error: unknown) => {
      throw isFullDisk(error) ? error : refuse(messageOf(error), error);
    });
    if (model.digest !== digest)
      throw refuse(`${path} holds ${model.digest}, but ${digest} was exported; run the same command again.`);
    return model;
  }

  /** What an error means for the night. */
  async #failed(error: unknown): Promise<End> {
    const { signal, deadline } = this.#options;
    if (signal.aborted) {
      this.#context.reporter.note(this.#interrupted());
      throw isFullDisk(error) ? error : signal.reason;
    }
    if (!this.#night) throw error;
    const { config, directory } = this.#options;
    const late = deadline?.aborted === true;
    const failed = explain(error, { night: this.#night, config, path: directory.path, late });
    try {
      return await this.#conclude(failed);
    } catch (again) {
      // no room for the report either: what is said is what failed first
      this.#context.reporter.note(`The report could not be written: ${messageOf(again)}`);
      return { ...failed, ended: false };
    }
  }

  #interrupted(): string {
    if (this.#night && this.#night.promoting && !this.#night.end)
      return 'Stopped after a promotion that was not tested yet; run the same command again, which tests it first.';
    return 'Stopped; run the same command again to go on.';
  }

  async #conclude(end: End): Promise<End> {
    const { directory, tools } = this.#options;
    if (this.#unwritten !== undefined) await this.#remember({});
    if (this.#unwritten !== undefined) throw this.#unwritten;
    const night = await conclude(
      { directory, tools, end, now: this.#options.now, notes: this.#notes },
      this.#current,
    );
    this.#night = night;
    return end;
  }
}

/** Of everything that decides what comes out; where the reference lies, or how patient a night is, may change. */
function fingerprintOf({ config, software }: Pick<NightOptions, 'config' | 'software'>): string {
  const { name, training, gate, manifest } = config;
  const decisive = { software, name, training, gate, manifest };
  return createHash('sha256').update(JSON.stringify(decisive)).digest('hex');
}

/**
 * Jobs on one machine: what they are in SQLite, what they make in a directory each. A job is checked when it is made, done
 * block by block in threads, and goes on after a restart of the server.
 *
 * @module
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { directoryArtefacts, linkArtefacts } from '@tokenunify/segmentation';
import { toProblem } from '../failures.ts';
import { SEGMENTATION_ID } from '../contract/index.ts';
import { newId } from '../ids.ts';
import { checkCursor } from '../parameters.ts';
import { ApiProblem } from '../problem.ts';
import { unavailable } from '../routes/service.ts';
import { chooseModel, isThere, modelRef } from './choice.ts';
import { execute } from './execute.ts';
import { Feed } from './feed.ts';
import { holding, type Sleep } from './hold.ts';
import { localInput, type LocalInput } from './input.ts';
import type { SegmentationsOptions } from './options.ts';
import { hasFinished, toJson, type JobRecord, type Progress, type Result } from './record.ts';
import { Repository, type IdempotencyKey } from './repository.ts';
import { resolveRelabel, resolveRequest } from './resolve.ts';
import { Scheduler } from './scheduler.ts';
import { planShadow } from './shadow/plan.ts';
import { ShadowRows } from './shadow/rows.ts';
import { runShadow } from './shadow/run.ts';
import { Shadows } from './shadow/shadows.ts';
import { Submissions } from './submissions.ts';
import type { Predictor } from './task-thread.ts';
import type {
  NewSegmentation,
  NumberedEvent,
  Relabel,
  SegmentationJson,
  SegmentationPage,
  Segmentations,
  Submission,
} from './types.ts';

export type { JobModels, SegmentationsOptions } from './options.ts';

const DEFAULT_PAGE = 100;

/** Jobs, their queue and what runs them. `start` goes on with what an earlier process left. */
export class LocalSegmentations implements Segmentations {
  readonly #options: SegmentationsOptions;
  readonly #repository: Repository;
  readonly #feed = new Feed();
  readonly #scheduler: Scheduler;
  readonly #shadowRows: ShadowRows;
  readonly #shadows: Shadows;
  readonly #submissions: Submissions;
  readonly #draining = new AbortController();
  #accepting = false;

  constructor(options: SegmentationsOptions) {
    this.#options = options;
    this.#repository = new Repository(options.db, options.now);
    this.#submissions = new Submissions(this.#repository);
    this.#shadowRows = new ShadowRows(options.db, options.now);
    this.#shadows = new Shadows({
      rows: this.#shadowRows,
      models: options.models,
      directory: options.directory,
      work: (shadow, directory, onProgress, signal) =>
        runShadow(shadow, { ...options, directory, onProgress, signal, sleep }),
      isIdle: () => this.#scheduler.isIdle(),
      onEnd: () => this.#scheduler.wake(),
      now: options.now,
      ...(options.log && { log: options.log }),
      ...options.shadows,
    });
    this.#scheduler = new Scheduler({
      background: this.#shadows,
      repository: this.#repository,
      feed: this.#feed,
      concurrency: options.concurrency,
      work: (job, onProgress, signal) => this.#work(job, onProgress, signal),
      publish: ({ volume }) => options.volumes.publishResult(volume),
      toProblem,
      ...(options.log && { log: options.log }),
      now: options.now,
      sleep,
    });
  }

  /** Finishes interrupted deletions, removes what belongs to no job, and goes on with what was not finished. */
  async start(): Promise<void> {
    const { directory } = this.#options;
    await mkdir(directory, { recursive: true });
    for (const id of this.#repository.deleting()) await this.#erase(id);
    const known = this.#repository.ids();
    for (const name of await readdir(directory))
      if (!known.has(name)) await rm(join(directory, name), { recursive: true, force: true });
    this.#repository.requeueInterrupted('killed');
    this.#shadows.recover();
    this.#accepting = true;
    this.#scheduler.wake();
  }

  /** Takes no new jobs, and lets go of those who follow or wait for one. */
  drain(): void {
    this.#accepting = false;
    this.#draining.abort();
  }

  /** Those that run are interrupted, and go on at the next start. */
  async close(): Promise<void> {
    this.drain();
    await Promise.all([this.#shadows.close(), this.#scheduler.close()]);
  }

  /**
   * To be asked in the turn in which a stored volume is marked for deletion: what nobody asked for lets go of it.
   *
   * @returns the unfinished job that reads it; then it must stay
   */
  letGoOf(volume: string): string | undefined {
    const reader = this.#repository.readerOf(volume);
    if (reader === undefined) void this.#shadows.abandon(this.#shadowRows.readersOf(volume), VOLUME_DELETED);
    return reader;
  }

  async create(request: NewSegmentation, submission: Submission): Promise<SegmentationJson> {
    const id = await this.#submissions.once(request, submission, (key, signal) =>
      this.#make(request, submission.owner, key, signal),
    );
    this.#scheduler.wake();
    return this.get(id);
  }

  /** Checks a request and stores its job; what is chosen by chance is chosen here, once. */
  async #make(
    request: NewSegmentation,
    owner: string,
    key: IdempotencyKey | undefined,
    signal: AbortSignal,
  ): Promise<string> {
    const { models, sources, maxVoxels, memoryLimit, blockSide, now, random } = this.#options;
    this.#checkPlace();
    const chosen = chooseModel(models, request.model, random);
    const resolved = await resolveRequest(request, {
      sources,
      model: chosen.package,
      maxVoxels,
      blockSide,
      memoryLimit,
      signal,
    });
    signal.throwIfAborted(); // nobody waits for it any more
    this.#checkPlace(); // the queue may have filled meanwhile
    // Retired meanwhile: no job may be stored that nobody knew of when it was. Choosing again finds another, or says no.
    if (!isThere(models, chosen)) return this.#make(request, owner, key, signal);
    const id = newId('seg', now(), random);
    this.#repository.insert(
      {
        id,
        ...(request.name !== undefined && { name: request.name }),
        owner,
        input: request.input,
        model: modelRef(chosen),
        createdAt: now(),
        ...resolved,
      },
      key,
      planShadow(request, chosen, resolved.spec, { ...this.#options, waiting: this.#shadowRows.count() }),
    );
    return id;
  }

  async relabel(parentId: string, request: Relabel, submission: Submission): Promise<SegmentationJson> {
    const parent = this.#find(parentId);
    const { now, random } = this.#options;
    const id = await this.#submissions.once(
      { parent: parentId, request },
      submission,
      async (key, signal) => {
        if (parent.state !== 'succeeded')
          throw new ApiProblem(
            'segmentation-not-succeeded',
            `The segmentation ${parentId} is ${parent.state}; only one that succeeded can be agglomerated again.`,
            { field: 'id', value: parent.state, limit: 'succeeded' },
          );
        this.#checkPlace();
        const spec = resolveRelabel(request, parent);
        const job = newId('seg', now(), random);
        // Before the job is stored: a directory without a job is swept at the next start, a job without artefacts is not.
        await linkArtefacts(this.#artefacts(parentId), this.#artefacts(job), ['fragments', 'graph'], signal);
        signal.throwIfAborted();
        this.#find(parentId); // it may have been deleted meanwhile, and its artefacts with it
        const { name, owner, input, voxelSize, model, warnings } = parent;
        this.#repository.insert(
          {
            ...{ id: job, parent: parentId, owner, input, model, warnings, spec, createdAt: now() },
            ...(name !== undefined && { name }),
            ...(voxelSize && { voxelSize }),
          },
          key,
        );
        return job;
      },
    );
    this.#scheduler.wake();
    return this.get(id);
  }

  get(id: string): SegmentationJson {
    return toJson(this.#find(id));
  }

  list({ limit = DEFAULT_PAGE, cursor, state }: Parameters<Segmentations['list']>[0]): SegmentationPage {
    checkCursor(cursor, SEGMENTATION_ID);
    const found = this.#repository.page(limit + 1, cursor, state);
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return { items: items.map(toJson), ...(found.length > limit && last && { next: last.id }) };
  }

  async *events(id: string, after: number, signal: AbortSignal): AsyncGenerator<NumberedEvent, void, void> {
    const signals = [signal, this.#draining.signal];
    let last = after;
    while (!signals.some(({ aborted }) => aborted)) {
      const news = this.#feed.next(id, signals);
      // The state first: what is told before a job finishes is stored before its state is.
      const job = this.#repository.find(id);
      const events = this.#repository.events(id, last, 500);
      for (const event of events) {
        yield event;
        last = event.seq;
      }
      if (events.length > 0) continue;
      if (job === undefined || hasFinished(job)) return;
      await news;
    }
  }

  async wait(id: string, ms: number, signal: AbortSignal): Promise<SegmentationJson> {
    const { now } = this.#options;
    const signals = [signal, this.#draining.signal];
    const end = now() + ms;
    for (;;) {
      const left = end - now();
      const news = this.#feed.next(id, signals, Math.max(0, left));
      const job = this.#find(id);
      if (hasFinished(job) || left <= 0 || signals.some(({ aborted }) => aborted)) return toJson(job);
      await news;
    }
  }

  async cancel(id: string): Promise<SegmentationJson> {
    this.#find(id);
    await this.#scheduler.settled(id); // one that is being published has as good as finished
    // The state first: after a crash in between, the job stays canceled.
    if (this.#repository.enter(id, ['queued', 'running'], 'canceled')) {
      await this.#scheduler.stop(id);
      this.#feed.notify(id);
      this.#scheduler.wake();
      return this.get(id);
    }
    const job = this.#find(id);
    if (job.state === 'canceled') return toJson(job);
    throw new ApiProblem(
      'segmentation-finished',
      `The segmentation ${id} has ${job.state} already; there is nothing to cancel.`,
      { field: 'id', value: job.state },
    );
  }

  async resume(id: string): Promise<SegmentationJson> {
    this.#checkPlace();
    this.#checkStopped(id);
    await this.#scheduler.settled(id); // a canceled job may still be letting go
    // another request may have resumed it meanwhile
    if (!this.#repository.enter(id, ['failed', 'canceled'], 'queued')) this.#checkStopped(id);
    this.#feed.notify(id);
    this.#scheduler.wake();
    return this.get(id);
  }

  #checkStopped(id: string): void {
    const { state } = this.#find(id);
    if (state === 'failed' || state === 'canceled') return;
    throw new ApiProblem(
      state === 'succeeded' ? 'segmentation-finished' : 'segmentation-active',
      `The segmentation ${id} is ${state}; only one that failed or was canceled can be resumed.`,
      { field: 'id', value: state, limit: ['failed', 'canceled'] },
    );
  }

  async delete(id: string): Promise<void> {
    const { state, result } = this.#find(id);
    const reader = result && this.#repository.readerOf(result.volume);
    if (reader !== undefined)
      throw new ApiProblem(
        'volume-in-use',
        `The segmentation ${reader}, which has not finished, reads the result of ${id}; wait for it, or cancel it.`,
        { field: 'id', value: reader },
      );
    if (!this.#repository.markDeleting(id))
      throw new ApiProblem(
        'segmentation-active',
        `The segmentation ${id} is ${state}; cancel it before it is deleted.`,
        { field: 'id', value: state },
      );
    const shadows = [
      ...this.#shadowRows.ofJob(id),
      ...(result ? this.#shadowRows.readersOf(result.volume) : []),
    ];
    await Promise.all([this.#scheduler.stop(id), this.#shadows.abandon(shadows, JOB_DELETED)]);
    await this.#erase(id);
    this.#feed.notify(id);
  }

  async #erase(id: string): Promise<void> {
    await this.#options.volumes.removeResultOf(id);
    await rm(join(this.#options.directory, id), { recursive: true, force: true });
    this.#repository.remove(id);
  }

  async #work(
    job: JobRecord,
    onProgress: (progress: Progress) => void,
    signal: AbortSignal,
  ): Promise<Omit<Result, 'seconds'>> {
    const { models, sources, volumes, workers, memoryLimit, remote, directory, script } = this.#options;
    const { id: volume, path } = await volumes.createResult({
      segmentation: job.id,
      ...(job.name !== undefined && { name: job.name }),
    });
    const run = (local: LocalInput | undefined, predictor: Predictor | undefined) =>
      execute(job, {
        artefacts: join(directory, job.id),
        output: path,
        ...{ local, predictor, workers, memoryLimit, remote, onProgress, signal },
        ...(script && { script }),
      });
    // one that agglomerates again reads no raw data, which may be gone, and asks no model
    const result =
      job.parent === undefined
        ? await holding(models, job.model, { signal, sleep }, async (inference) =>
            run(await localInput(job.input, sources), inference),
          )
        : await run(undefined, undefined);
    const { start, stop } = job.spec.box;
    return {
      volume,
      url: `/v1/volumes/${volume}`,
      shape: [stop[0] - start[0], stop[1] - start[1], stop[2] - start[2]],
      labelCount: result.labelCount,
      fragmentCount: result.fragmentCount,
      ...(job.voxelSize && { voxelSize: [...job.voxelSize] satisfies number[] as [number, number, number] }),
      postprocessing: job.spec.postprocessing,
    };
  }

  #artefacts(id: string) {
    return directoryArtefacts(join(this.#options.directory, id));
  }

  #find(id: string): JobRecord {
    const job = this.#repository.find(id);
    if (job) return job;
    throw new ApiProblem('segmentation-not-found', `There is no segmentation ${id.slice(0, 60)}.`, {
      field: 'id',
    });
  }

  #checkPlace(): void {
    if (!this.#accepting) throw unavailable();
    const { maxQueued } = this.#options;
    const waiting = this.#repository.count('queued');
    if (waiting < maxQueued) return;
    throw new ApiProblem(
      'queue-full',
      `${waiting} segmentations are waiting, the limit is ${maxQueued}; send the request again in ${RETRY_SECONDS} s.`,
      { limit: maxQueued, headers: { 'retry-after': String(RETRY_SECONDS) } },
    );
  }
}

const sleep: Sleep = (ms, signal) => setTimeout(ms, undefined, { signal }).catch(() => {});

const VOLUME_DELETED = 'The volume was deleted.';
const JOB_DELETED = 'The job of the champion was deleted.';

/** Jobs take minutes; who asks sooner asks for nothing. */
const RETRY_SECONDS = 30;

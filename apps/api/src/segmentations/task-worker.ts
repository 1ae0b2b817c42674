/** A thread that does tasks of one job. It loads no model: tiles go to the inference process and back. */
import { parentPort, workerData } from 'node:worker_threads';
import { getPriority, setPriority } from 'node:os';
import { createVolume, type Volume, type WritableVolume } from '@tokenunify/em-io';
import {
  directoryArtefacts,
  labelChunkShape,
  labelShape,
  resolveSpec,
  runTask,
  Scratch,
  type Task,
  type TaskContext,
} from '@tokenunify/segmentation';
import { isApiProblem } from '../problem.ts';
import { isOutOfSpace } from '../unforeseen.ts';
import { carry } from '../segmenter/carry.ts';
import { DistantPredictor } from '../segmenter/distant-predictor.ts';
import { openInput, openLocal } from './input.ts';
import type { FromTaskThread, TaskFailure, ThreadJob, ToTaskThread } from './task-protocol.ts';

const port = parentPort;
if (port === null) throw new Error('task-worker.ts runs as a worker thread; a job starts it.');

/** Requests are answered first: on Linux this is the priority of this thread alone, elsewhere that of the process. */
const LOWER = 10;
if (process.platform === 'linux') setPriority(Math.min(19, getPriority() + LOWER));

const job = workerData as ThreadJob; // what TaskThread gives
// tasks are made once, by the thread that gives them out
const plan = { spec: resolveSpec(job.spec) };
const artefacts = directoryArtefacts(job.artefacts);
const scratch = new Scratch();
let abort = new AbortController();
let volume: Promise<Volume> | undefined;
let output: Promise<WritableVolume> | undefined;

const predictor = new DistantPredictor(job.spec.tileShape, job.batchSize, send);

port.on('message', (message: ToTaskThread) => {
  switch (message.type) {
    case 'abort':
      return abort.abort();
    case 'predicted':
    case 'unpredicted':
      return predictor.answered(message);
    case 'task':
      void answer(message.task);
  }
});

async function answer(task: Task): Promise<void> {
  abort = new AbortController();
  try {
    await runTask(task, plan, await contextOf(task, abort.signal));
    send({ type: 'done' });
  } catch (error) {
    send({ type: 'failed', error: failureOf(error) });
  } finally {
    predictor.forget();
  }
}

/** Volumes are opened by the first task that needs them: a job that only agglomerates again reads no raw data. */
async function contextOf(task: Task, signal: AbortSignal): Promise<TaskContext> {
  const base = { artefacts, scratch, signal, memoryLimit: job.memoryLimit };
  if (task.stage === 'tiles') {
    volume ??= openRaw();
    volume.catch(() => (volume = undefined)); // the next task tries again
    return { ...base, predictor, volume: await volume };
  }
  if (task.stage === 'labels') {
    output ??= openLabels();
    output.catch(() => (output = undefined));
    return { ...base, output: await output };
  }
  return base;
}

async function openRaw(): Promise<Volume> {
  if (job.local) return openLocal(job.local, job.input);
  const nowhere = () => Promise.reject(new Error('the volume of this job is not on this machine'));
  // an HTTP client is a quarter of what a thread would load before its first task
  const { createGuardedFetch } = await import('../remote/index.ts');
  const fetch = createGuardedFetch(job.remote);
  return openInput(job.input, { pathOf: () => '', resolvePath: nowhere, fetch });
}

/** The array is there: the job made it before it started threads. */
function openLabels(): Promise<WritableVolume> {
  return createVolume(job.output, {
    shape: labelShape(plan),
    dtype: 'uint32',
    chunkShape: labelChunkShape(plan),
    ...job.outputOptions,
    resume: true,
  });
}

function failureOf(error: unknown): TaskFailure {
  const carried = carry(error);
  if (isOutOfSpace(error)) return { ...carried, problem: 'insufficient-storage', message: FULL };
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    if (isApiProblem(at)) return { ...carried, problem: at.code, message: at.message };
  return { ...carried, message: withoutPaths(carried.message) };
}

const FULL =
  'The server has no room left on its disk; what is finished of the job is kept. Make room, and resume the job.';

/** Where the server keeps things is nobody's business. */
function withoutPaths(message: string): string {
  return message
    .replaceAll(`${job.artefacts}/`, '')
    .replaceAll(job.output, 'the result')
    .replaceAll(job.local && 'volume' in job.input ? job.local.path : '\0', 'the volume');
}

function send(message: FromTaskThread): void {
  port?.postMessage(message);
}

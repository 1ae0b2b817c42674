import { isApiError, type SegmentationJob } from '@tokenunify/api/client';
import { CommandError } from '../../../errors.ts';
import type { Context } from './context.ts';
import { newKey } from './state.ts';

export type FinishedJob = SegmentationJob & { readonly result: NonNullable<SegmentationJob['result']> };

/**
 * The job on an uploaded volume, followed to its end. An earlier command's is followed, or gone on with if it had stopped.
 *
 * @throws CommandError `trainer/run` when it failed
 */
export async function runJob(context: Context, volume: string): Promise<FinishedJob> {
  const { api, patience, signal } = context;
  let job = await findJob(context);
  if (job?.state === 'failed' || job?.state === 'canceled') {
    const { id } = job;
    context.reporter.note(`The segmentation ${id} ${ended(job)}; going on with it.`);
    job = await patience(() => resume(context, id));
  }
  job ??= await patience(() =>
    api.createSegmentation(
      { ...context.request, input: { volume } },
      { idempotencyKey: context.state().key, signal },
    ),
  );
  if (job.id !== context.state().job) context.reporter.note(`The segmentation is ${job.id}.`);
  await context.remember({ job: job.id });
  const finished = await follow(context, job.id);
  for (const { detail } of finished.warnings) context.reporter.note(`Warning: ${detail}`);
  const { result } = finished;
  if (finished.state === 'succeeded' && result) return { ...finished, result };
  const why = finished.error ? `: ${finished.error.detail.replace(/[.\s]+$/, '')}` : '';
  throw new CommandError(
    'trainer/run',
    `The segmentation ${finished.id} ${ended(finished)}${why}; run the same command again to go on with it.`,
  );
}

const ended = ({ state }: SegmentationJob): string => (state === 'canceled' ? 'was canceled' : 'failed');

/** The job of an earlier command, if it is still there. */
async function findJob(context: Context): Promise<SegmentationJob | undefined> {
  const { api, patience, reporter, signal } = context;
  const { job } = context.state();
  if (job === undefined) return undefined;
  try {
    return await patience(() => api.segmentation(job, { signal }));
  } catch (error) {
    if (!isApiError(error, 'segmentation-not-found')) throw error;
    reporter.note(`The segmentation ${job} is not on the server any more; making another.`);
    // with the old key the server might answer with the old job
    await context.remember({ job: undefined, key: newKey() });
    return undefined;
  }
}

/** Goes on with a job; that it goes on already, because an answer was lost, is as good. */
async function resume({ api, signal }: Context, id: string): Promise<SegmentationJob> {
  try {
    return await api.resumeSegmentation(id, { signal });
  } catch (error) {
    if (!isApiError(error, 'segmentation-active', 'segmentation-finished')) throw error;
    return api.segmentation(id, { signal });
  }
}

/** Shows how a job goes. It lives on the server, and goes on while connections break. */
async function follow(context: Context, id: string): Promise<SegmentationJob> {
  const { api, patience, patienceSeconds, signal, reporter } = context;
  let after = 0;
  return patience(async (heard) => {
    // the patience is longer, and says so
    const giveUpAfterMs = Math.min(10_000, 1000 * patienceSeconds);
    const steps = api.follow(id, { after, signal, giveUpAfterMs });
    for (;;) {
      const { value, done } = await steps.next();
      if (done) return value;
      heard();
      after = value.seq ?? after;
      const { progress } = value;
      if (progress) {
        const { stage, done, total, unit, fraction } = progress;
        reporter.progress({ stage, done, total, data: { unit, fraction } });
      }
    }
  });
}

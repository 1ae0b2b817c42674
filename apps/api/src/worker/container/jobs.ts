import type { Context } from 'hono';
import { PROBLEM_MEDIA_TYPE, VOLUME_ID } from '../../contract/index.ts';
import { ApiProblem } from '../../problem.ts';
import type { NewSegmentation, SegmentationJson, SegmentationPage } from '../../segmentations/types.ts';
import type { WorkerEnv } from '../bindings.ts';
import { looksLikeOurs } from '../volumes/names.ts';
import { askContainer, passBack, type Fetch } from './forward.ts';

type Input = NewSegmentation['input'];

/** The container knows volumes of the bucket by their address here, where it reads them. */
export function inputForContainer(c: Context<WorkerEnv>, id: string, dataset: string | undefined): Input {
  const url = `${publicOrigin(c)}/v1/volumes/${id}`;
  return { url, ...(dataset !== undefined && { dataset }) };
}

const publicOrigin = (c: Context<WorkerEnv>): string =>
  (c.env.PUBLIC_ORIGIN ?? '') === '' ? new URL(c.req.url).origin : new URL(c.env.PUBLIC_ORIGIN ?? '').origin;

/** A job as its submitter wrote it: an address of the bucket becomes the id of the volume again. */
export function shownJob(c: Context<WorkerEnv>, job: SegmentationJson): SegmentationJson {
  const { input } = job;
  if (!('url' in input) || !URL.canParse(input.url)) return job;
  const { origin } = new URL(input.url);
  const volume = volumeOf(input);
  if (volume === undefined || origin !== publicOrigin(c)) return job;
  const { dataset } = input;
  const error = job.error && { ...job.error, detail: withIds(c, job.error.detail) };
  return {
    ...job,
    input: { volume, ...(dataset !== undefined && { dataset }) },
    ...(error && { error }),
  };
}

/**
 * A problem of the container about a volume of the bucket, which it knows by an address that is nothing to the caller.
 *
 * @throws ApiProblem `upstream-failed` when we did not let the container read the volume
 */
export async function shownProblem(c: Context<WorkerEnv>, answer: Response): Promise<Response> {
  const passed = passBack(answer);
  if (!(answer.headers.get('content-type') ?? '').startsWith(PROBLEM_MEDIA_TYPE)) return passed;
  const problem = await passed.json<{ readonly code?: string; readonly detail?: string }>();
  const { code, detail = '' } = problem;
  const ours = withIds(c, detail);
  if (code === 'volume-unreadable' && ours !== detail && /\banswered (?:401|403)\b/.test(detail))
    throw new ApiProblem(
      'upstream-failed',
      'The segmentation server could not read the volume back through this Worker; its operator must set TOKENUNIFY_TRUSTED_KEY there to the CONTAINER_KEY of this Worker.',
      { field: 'body.input' },
    );
  const headers = new Headers(passed.headers);
  headers.delete('content-length');
  return new Response(JSON.stringify({ ...problem, ...(ours !== detail && { detail: ours }) }), {
    status: answer.status,
    headers,
  });
}

/** The Node server's words for a volume of its own. */
function withIds(c: Context<WorkerEnv>, text: string): string {
  const root = `${publicOrigin(c)}/v1/volumes/`;
  const [before = '', ...parts] = text.split(root);
  const named = parts.map((part) => {
    const id = part.slice(0, ID_LENGTH);
    const whole = VOLUME_ID.test(id) && looksLikeOurs(id) && !/^\w/.test(part.slice(ID_LENGTH));
    return (whole ? 'The volume ' : root) + part;
  });
  return before + named.join('');
}

const ID_LENGTH = 'vol_'.length + 20;

/** A job that has not finished and reads a volume of the bucket. */
export async function readerOf(
  c: Context<WorkerEnv>,
  fetch: Fetch,
  volume: string,
): Promise<string | undefined> {
  // queued first: a job that starts meanwhile is in the second list
  for (const state of ['queued', 'running']) {
    let cursor = '';
    do {
      const path = `/v1/segmentations?state=${state}&limit=1000${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
      const answer = await askContainer(c, fetch, { method: 'GET', path, body: null });
      const { items, next = '' } = await answer.json<SegmentationPage>();
      const job = items.find(({ input }) => volumeOf(input) === volume);
      if (job !== undefined) return job.id;
      cursor = next;
    } while (cursor !== '');
  }
  return undefined;
}

/** Of an input that is an address like ours, on whichever of our host names. */
function volumeOf(input: Input): string | undefined {
  if (!('url' in input) || !URL.canParse(input.url)) return undefined;
  const id = /^\/v1\/volumes\/([^/]+)\/?$/.exec(new URL(input.url).pathname)?.[1] ?? '';
  return VOLUME_ID.test(id) && looksLikeOurs(id) ? id : undefined;
}

import type { Context } from 'hono';
import { VOLUME_ID } from '../../contract/index.ts';
import type { NewSegmentation, SegmentationJson, SegmentationPage } from '../../segmentations/types.ts';
import type { WorkerEnv } from '../bindings.ts';
import { looksLikeOurs } from '../volumes/names.ts';
import { askContainer, type Fetch } from './forward.ts';

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
  return { ...job, input: { volume, ...(dataset !== undefined && { dataset }) } };
}

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

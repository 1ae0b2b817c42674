import type { Context } from 'hono';
import type { Handlers } from '../../contract/index.ts';
import { ApiProblem } from '../../problem.ts';
import type { NewSegmentation, SegmentationJson, SegmentationPage } from '../../segmentations/types.ts';
import { bound, type WorkerEnv } from '../bindings.ts';
import { askContainer, passBack, type Fetch } from '../container/forward.ts';
import { inputForContainer, shownJob, shownProblem } from '../container/jobs.ts';
import { looksLikeOurs } from '../volumes/names.ts';
import { readState } from '../volumes/state.ts';

type Names =
  | 'createSegmentation'
  | 'listSegmentations'
  | 'getSegmentation'
  | 'segmentationEvents'
  | 'cancelSegmentation'
  | 'resumeSegmentation'
  | 'relabelSegmentation'
  | 'deleteSegmentation';

/** Jobs are the container's; volumes of the bucket are checked here and read by it through us. */
export function segmentationHandlers(fetch: Fetch): Pick<Handlers<WorkerEnv>, Names> {
  // Answers are the contract's already; their types are lost on the way through the network, hence `never`.
  const forward = async (c: Context<WorkerEnv>, body?: unknown) => {
    const answer = await askContainer(c, fetch, {
      // what is parsed here must have a body; Hono drops it
      ...(c.req.method === 'HEAD' && { method: 'GET' }),
      ...(body !== undefined && { body: JSON.stringify(body) }),
      headers: await idempotency(c),
    });
    return (await shown(c, answer)) as never;
  };
  return {
    createSegmentation: async (c) => {
      const request = c.req.valid('json');
      return forward(c, { ...request, input: await resolved(c, request.input) });
    },
    relabelSegmentation: (c) => forward(c, c.req.valid('json')),
    listSegmentations: (c) => forward(c),
    getSegmentation: (c) => forward(c),
    cancelSegmentation: (c) => forward(c),
    resumeSegmentation: (c) => forward(c),
    deleteSegmentation: (c) => forward(c),
    // HEAD stays HEAD: the container answers that without a stream, which nobody here would end.
    segmentationEvents: async (c) => passBack(await askContainer(c, fetch)) as never,
  };
}

/** @throws ApiProblem `volume-unsealed` */
async function resolved(
  c: Context<WorkerEnv>,
  input: NewSegmentation['input'],
): Promise<NewSegmentation['input']> {
  if (!('volume' in input) || !looksLikeOurs(input.volume)) return input;
  const read = await readState(bound(c.env, 'VOLUMES'), input.volume);
  // It may be one of the container's, which otherwise says that there is none.
  if (read === undefined) return input;
  if (read.state.state === 'sealed') return inputForContainer(c, input.volume, input.dataset);
  throw new ApiProblem(
    'volume-unsealed',
    `The volume ${input.volume} is not sealed; POST /v1/volumes/${input.volume}/seal when all of it is written.`,
    { field: 'body.input.volume', value: input.volume },
  );
}

const LONGEST_KEY = 255;

/** All callers are one to the container; their keys must not meet there. */
async function idempotency(c: Context<WorkerEnv>): Promise<Record<string, string>> {
  const key = c.req.header('idempotency-key');
  if (key === undefined) return {};
  const prefixed = `${c.get('owner')}:${key}`;
  if (prefixed.length <= LONGEST_KEY) return { 'idempotency-key': prefixed };
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(key));
  const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return { 'idempotency-key': `${c.get('owner')}:sha256:${hex}` };
}

/** Jobs and problems in an answer are shown with our ids; anything else streams through. */
async function shown(c: Context<WorkerEnv>, answer: Response): Promise<Response> {
  if (!answer.ok) return shownProblem(c, answer);
  const passed = passBack(answer);
  if (!/^application\/json\b/.test(answer.headers.get('content-type') ?? '')) return passed;
  const content = await passed.json<SegmentationJson | SegmentationPage>();
  const ours =
    'items' in content
      ? { ...content, items: content.items.map((job) => shownJob(c, job)) }
      : shownJob(c, content);
  const headers = new Headers(passed.headers);
  headers.delete('content-length');
  return new Response(JSON.stringify(ours), { status: answer.status, headers });
}

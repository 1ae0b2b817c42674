import type { Context } from 'hono';
import type { Handlers } from '../../contract/index.ts';
import { ApiProblem, isApiProblem } from '../../problem.ts';
import { volumeHandlers } from '../../routes/volumes.ts';
import type { VolumePage } from '../../volumes/types.ts';
import { bound, type WorkerEnv } from '../bindings.ts';
import { askContainer, passBack, type Fetch } from '../container/forward.ts';
import { readerOf } from '../container/jobs.ts';
import { looksLikeOurs } from '../volumes/names.ts';
import { BucketStore } from '../volumes/store.ts';
import { mergePages } from '../volumes/pages.ts';

type Names =
  | 'createVolume'
  | 'listVolumes'
  | 'getVolume'
  | 'sealVolume'
  | 'deleteVolume'
  | 'putKey'
  | 'getKey'
  | 'deleteKey';

export const storeOf = (c: Context<WorkerEnv>): BucketStore =>
  new BucketStore({
    bucket: bound(c.env, 'VOLUMES'),
    now: Date.now,
    random: randomShare,
    waitUntil: (work) => c.executionCtx.waitUntil(work),
  });

/** Volumes of the bucket, and behind them those of the container: the results of its jobs. */
export function workerVolumeHandlers(fetch: Fetch): Pick<Handlers<WorkerEnv>, Names> {
  const ours = volumeHandlers<WorkerEnv>(storeOf);
  /** What is not in the bucket is the container's; it also says what is nowhere. */
  const orContainer = async <T>(
    c: Context<WorkerEnv>,
    id: string,
    here: () => Promise<T> | T,
    body?: unknown,
  ): Promise<T> => {
    if (looksLikeOurs(id)) {
      try {
        return await here();
      } catch (error) {
        if (!isApiProblem(error, 'volume-not-found')) throw error;
      }
    }
    const answer = await askContainer(c, fetch, body === undefined ? {} : { body: JSON.stringify(body) });
    // The answer is the contract's already; its type is lost on the way through the network.
    return passBack(answer) as T;
  };
  return {
    createVolume: ours.createVolume,
    listVolumes: async (c) => {
      const { limit = 100, cursor } = c.req.valid('query');
      const [here, there] = await Promise.all([
        storeOf(c).list({ limit, cursor }),
        askContainer(c, fetch, { method: 'GET' }), // for HEAD too, since it is read here; Hono drops the body
      ]);
      if (!there.ok) return passBack(there) as never; // as above
      return c.json(mergePages(here, await there.json<VolumePage>(), limit), 200);
    },
    getVolume: (c, next) => orContainer(c, c.req.valid('param').id, () => ours.getVolume(c, next)),
    sealVolume: (c, next) =>
      orContainer(c, c.req.valid('param').id, () => ours.sealVolume(c, next), c.req.valid('json')),
    deleteVolume: (c, next) => {
      const { id } = c.req.valid('param');
      return orContainer(c, id, async () => {
        const job = await readerOf(c, fetch, id);
        if (job !== undefined) throw inUse(id, job);
        return ours.deleteVolume(c, next);
      }) as Promise<never>; // one of the two that it may be, and they do not join
    },
    putKey: (c, at) => orContainer(c, at.id, () => ours.putKey(c, at)),
    getKey: (c, at) => orContainer(c, at.id, () => ours.getKey(c, at)),
    deleteKey: (c, at) => orContainer(c, at.id, () => ours.deleteKey(c, at)),
  };
}

const inUse = (id: string, job: string): ApiProblem =>
  new ApiProblem(
    'volume-in-use',
    `The segmentation ${job} reads ${id} and has not finished; cancel it, or delete the volume afterwards.`,
    { field: 'id', value: id, limit: job },
  );

const randomShare = (): number => crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32;

import type { Handlers } from '../../contract/index.ts';
import type { WorkerEnv } from '../bindings.ts';
import { askContainer, passBack, type Fetch } from '../container/forward.ts';

/** POST /v1/segment: the query is checked here, the volume streams to the container and its labels stream back. */
export const segmentHandler =
  (fetch: Fetch): Handlers<WorkerEnv>['segment'] =>
  async (c) =>
    passBack(await askContainer(c, fetch));

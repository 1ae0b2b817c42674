import type { Handlers } from '../../contract/index.ts';
import { ApiProblem, isApiProblem } from '../../problem.ts';
import { INDEX } from '../../routes/index-page.ts';
import type { WorkerEnv } from '../bindings.ts';
import { askContainer, passBack, type Fetch } from '../container/forward.ts';

/** Who checks health has gone before; a container that is silent for so long is not well. */
const PATIENCE_MS = 10_000;

/** Health is the container's: the model is there. */
export function serviceHandlers(fetch: Fetch): Pick<Handlers<WorkerEnv>, 'health' | 'ready' | 'index'> {
  const within = () => ({ signal: AbortSignal.timeout(PATIENCE_MS) });
  return {
    index: (c) => c.json(INDEX, 200),
    // The answer is the contract's already; its type is lost on the way through the network.
    health: async (c) => passBack(await askContainer(c, fetch, within())) as never,
    ready: async (c) => {
      try {
        return passBack(await askContainer(c, fetch, within())) as never; // as above
      } catch (error) {
        if (!isApiProblem(error, 'upstream-failed')) throw error;
        throw new ApiProblem('unavailable', error.message, {
          headers: { 'retry-after': '10' },
          cause: error,
        });
      }
    },
  };
}

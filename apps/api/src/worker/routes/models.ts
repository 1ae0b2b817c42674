import type { Context } from 'hono';
import type { Handlers } from '../../contract/index.ts';
import type { WorkerEnv } from '../bindings.ts';
import { askContainer, passBack, type Fetch } from '../container/forward.ts';

type Names =
  | 'listModels'
  | 'uploadModel'
  | 'getModel'
  | 'getModelFile'
  | 'promoteModel'
  | 'challengeModel'
  | 'retireModel'
  | 'deleteModel'
  | 'getDeployment'
  | 'changeDeployment'
  | 'rollBack'
  | 'listComparisons';

/** Models are the container's, where they run: keys and requests are checked here, packages and files stream through. */
export function workerModelHandlers(fetch: Fetch): Pick<Handlers<WorkerEnv>, Names> {
  // Answers are the contract's already; their types are lost on the way through the network, hence `never`.
  const forward = async (c: Context<WorkerEnv>, body?: unknown) =>
    passBack(
      await askContainer(
        c,
        fetch,
        // a body that may be left out is none here, and an empty object there
        body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } },
      ),
    ) as never;
  return {
    listModels: (c) => forward(c),
    uploadModel: (c) => forward(c),
    getModel: (c) => forward(c),
    getModelFile: (c) => forward(c),
    promoteModel: (c) => forward(c, c.req.valid('json')),
    challengeModel: (c) => forward(c, c.req.valid('json')),
    retireModel: (c) => forward(c),
    deleteModel: (c) => forward(c),
    getDeployment: (c) => forward(c),
    changeDeployment: (c) => forward(c, c.req.valid('json')),
    rollBack: (c) => forward(c, c.req.valid('json')),
    listComparisons: (c) => forward(c),
  };
}

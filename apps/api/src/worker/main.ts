import { isApiProblem } from '../problem.ts';
import { createWorkerApp } from './app.ts';

/** What `wrangler` deploys, and `npm run dev:cloud` runs here. */
const app = createWorkerApp({
  fetch: (url, init) => fetch(url, init),
  log: ({ method, path, status, ms, requestId, error }) => {
    console.log(`${method} ${path} ${status} ${ms.toFixed(0)} ms ${requestId}`);
    if (error !== undefined)
      console.error(requestId, isApiProblem(error) ? (error.options.cause ?? error) : error);
  },
});

export default { fetch: app.fetch };

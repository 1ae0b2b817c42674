import { createBase } from './base.ts';
import { declareRoutes, type Handlers } from './contract/index.ts';
import type { Env } from './environment.ts';
import { documentOf, type OpenApiDocument } from './openapi.ts';
import { goneOrUnforeseen } from './unforeseen.ts';

/** The contract, as GET /openapi.json of every server gives it; it follows from the routes alone. */
export function openApiDocument(): OpenApiDocument {
  const app = createBase<Env>({ toProblem: goneOrUnforeseen, now: () => 0 });
  declareRoutes(app, undeclared, async () => {});
  return documentOf(app);
}

/** Handlers that are never called: nobody sends this app a request. */
const undeclared = new Proxy({} as Handlers<Env>, {
  get: () => () => {
    throw new Error('This app only describes itself.');
  },
});

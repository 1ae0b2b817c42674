/**
 * The HTTP API. The contract is in ./contract, the client in `@tokenunify/api/client`.
 *
 * @module
 */
export { createApp, type AppOptions, type RequestModels } from './app.ts';
export { openApiDocument } from './document.ts';
export { DEFAULT_LIMITS, type Limits } from './limits.ts';
export type { RequestLog } from './observe.ts';
export { PROBLEMS, problemType, type ProblemCode } from './contract/index.ts';
export { ApiProblem, isApiProblem } from './problem.ts';
export { startServer, type RunningServer, type ServerOptions } from './server.ts';
export type { ModelSummary, Segmenter, SegmentRequest, SegmentResult } from './segmenter/types.ts';

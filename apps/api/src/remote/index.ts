export { createGuardedFetch, type GuardedFetch, type GuardOptions } from './guarded-fetch.ts';
export { resolvePath } from './paths.ts';

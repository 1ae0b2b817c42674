/**
 * Everything that can go wrong, in one table: `code` is stable and is what programs switch on, `status` and `title`
 * follow from it. The `type` of a problem is `urn:tokenunify:problem:` and its code.
 */
export const PROBLEMS = {
  'malformed-request': [400, 'The request is not HTTP/1.1'],
  'invalid-parameter': [400, 'A query parameter is wrong'],
  'body-missing': [400, 'The request has no body'],
  'npy-invalid': [400, 'The body is not an npy file'],
  'npy-truncated': [400, 'The body ends before its npy header says'],
  'npy-trailing': [400, 'The body goes on after its npy header says'],
  'not-found': [404, 'There is nothing at this path'],
  'method-not-allowed': [405, 'The path has no such method'],
  'request-timeout': [408, 'The request took too long to arrive'],
  'body-stalled': [408, 'The body stopped coming'],
  'body-too-large': [413, 'The body is too large'],
  'volume-too-large': [413, 'The volume is too large for one request'],
  'unsupported-content-type': [415, 'The body is of a type that is not read here'],
  'unsupported-content-encoding': [415, 'The body is compressed'],
  'wrong-axes': [422, 'The array is not a volume'],
  'unsupported-dtype': [422, 'The voxels are of a type that is not read here'],
  'empty-volume': [422, 'The volume is empty'],
  'volume-too-small': [422, 'The volume is too small for the model'],
  'voxel-not-finite': [422, 'A voxel is not a finite number'],
  'voxel-out-of-range': [422, 'A voxel is not a grey value'],
  'headers-too-large': [431, 'The headers are too large'],
  busy: [429, 'All places are taken'],
  'client-closed-request': [499, 'The client has gone'],
  internal: [500, 'The server failed'],
  'segmentation-failed': [500, 'The segmentation failed'],
  'inference-failed': [500, 'The model failed'],
  unavailable: [503, 'The server is starting or stopping'],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemCode = keyof typeof PROBLEMS;

export const PROBLEM_CODES = Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]; // keys of a literal

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

export const problemType = (code: ProblemCode): string => `urn:tokenunify:problem:${code}`;

/** The codes that share a status, for the contract's descriptions. */
export const codesOf = (status: number): ProblemCode[] =>
  PROBLEM_CODES.filter((code) => PROBLEMS[code][0] === status);

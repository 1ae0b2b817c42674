/**
 * Everything that can go wrong, in one table: `code` is stable and is what programs switch on, `status` and `title`
 * follow from it. The `type` of a problem is `urn:tokenunify:problem:` and its code.
 */
export const PROBLEMS = {
  'malformed-request': [400, 'The request is not HTTP/1.1'],
  'invalid-parameter': [400, 'A query parameter is wrong'],
  'invalid-header': [400, 'A header is wrong'],
  'invalid-body': [400, 'The JSON body is wrong'],
  'invalid-key': [400, 'The key is not one of a Zarr hierarchy'],
  'body-interrupted': [400, 'The body ended before it was complete'],
  'body-missing': [400, 'The request has no body'],
  'npy-invalid': [400, 'The body is not an npy file'],
  'npy-truncated': [400, 'The body ends before its npy header says'],
  'npy-trailing': [400, 'The body goes on after its npy header says'],
  unauthorized: [401, 'An API key is needed'],
  forbidden: [403, 'The API key does not allow this'],
  'not-found': [404, 'There is nothing at this path'],
  'volume-not-found': [404, 'There is no such volume'],
  'key-not-found': [404, 'The volume has nothing at this key'],
  'segmentation-not-found': [404, 'There is no such segmentation'],
  'model-not-found': [404, 'There is no such model version'],
  'model-file-not-found': [404, 'The model package has no such file'],
  'method-not-allowed': [405, 'The path has no such method'],
  'request-timeout': [408, 'The request took too long to arrive'],
  'body-stalled': [408, 'The body stopped coming'],
  'volume-unsealed': [409, 'The volume is not sealed'],
  'volume-sealed': [409, 'The volume is sealed'],
  'volume-incomplete': [409, 'Chunks of the volume are missing'],
  'volume-in-use': [409, 'A segmentation uses the volume'],
  'segmentation-active': [409, 'The segmentation has not finished'],
  'segmentation-finished': [409, 'The segmentation has finished'],
  'segmentation-not-succeeded': [409, 'The segmentation has no result'],
  'request-in-progress': [409, 'The first request with this key is being handled'],
  'version-taken': [409, 'Another package has this name and version'],
  'model-in-use': [409, 'The model version is in use'],
  'model-retired': [409, 'The model version is retired'],
  'alias-moved': [409, 'The champion is another than expected'],
  'no-previous-champion': [409, 'There is nothing to roll back to'],
  'precondition-failed': [412, 'The precondition does not hold'],
  'body-too-large': [413, 'The body is too large'],
  'volume-too-large': [413, 'The volume is too large for one request'],
  'unsupported-content-type': [415, 'The body is of a type that is not read here'],
  'unsupported-content-encoding': [415, 'The body is compressed'],
  'range-not-satisfiable': [416, 'The range lies outside'],
  'idempotency-key-reused': [422, 'The idempotency key was used for another request'],
  'metadata-invalid': [422, 'The Zarr metadata is wrong'],
  'unknown-model': [422, 'There is no such model'],
  'package-invalid': [422, 'The body is no model package'],
  'model-failed-test': [422, 'The model does not give what its package says'],
  'box-outside': [422, 'The box leaves the volume'],
  'voxel-size-far': [422, 'The voxel size is far from that of the model'],
  'path-not-allowed': [422, 'The path is not open to requests'],
  'url-not-allowed': [422, 'The address is not open to requests'],
  'volume-unreadable': [422, 'The volume cannot be opened'],
  'invalid-postprocessing': [422, 'The post-processing is wrong'],
  'wrong-axes': [422, 'The array is not a volume'],
  'unsupported-dtype': [422, 'The voxels are of a type that is not read here'],
  'empty-volume': [422, 'The volume is empty'],
  'volume-too-small': [422, 'The volume is too small for the model'],
  'voxel-not-finite': [422, 'A voxel is not a finite number'],
  'voxel-out-of-range': [422, 'A voxel is not a grey value'],
  'headers-too-large': [431, 'The headers are too large'],
  busy: [429, 'All places are taken'],
  'queue-full': [429, 'The queue of segmentations is full'],
  'client-closed-request': [499, 'The client has gone'],
  internal: [500, 'The server failed'],
  'segmentation-failed': [500, 'The segmentation failed'],
  'inference-failed': [500, 'The model failed'],
  'upstream-failed': [502, 'The segmentation server did not answer'],
  unavailable: [503, 'The server is starting or stopping'],
  'insufficient-storage': [507, 'There is no room left'],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemCode = keyof typeof PROBLEMS;

export const PROBLEM_CODES = Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]; // keys of a literal

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

export const problemType = (code: ProblemCode): string => `urn:tokenunify:problem:${code}`;

/** The codes that share a status, for the contract's descriptions. */
export const codesOf = (status: number): ProblemCode[] =>
  PROBLEM_CODES.filter((code) => PROBLEMS[code][0] === status);

export { readModelPackage } from './read.ts';
export { writeModelPackage, type WriteModelPackageOptions } from './write.ts';
export { packModelPackage } from './pack.ts';
export { unpackModelPackage, type UnpackOptions } from './unpack/index.ts';
export { runTestTile } from './test-tile.ts';
export type { Author, Citation, Digest, InputScale, Json, ModelPackage, ModelPackageInput } from './types.ts';

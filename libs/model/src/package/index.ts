export { readModelPackage } from './read.ts';
export { writeModelPackage, type WriteModelPackageOptions } from './write.ts';
export type { Author, Citation, Digest, InputScale, Json, ModelPackage, ModelPackageInput } from './types.ts';

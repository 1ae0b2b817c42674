/**
 * Annotations: the labelled boxes that a nightly run trains on and compares models on, and the manifest that lists them.
 *
 *     [{"raw": "raw.zarr", "labels": "labels.zarr", "box": "0:64,0:128,0:128", "sha256": "9f86...", "split": "train"}, ...]
 *
 * Whoever edits the file by hand or with another program is welcome to: everything is checked when it is read.
 * @module
 */
export { annotationDigest, type AnnotationDigest, type DigestOptions } from './digest.ts';
export { lineOfJsonError, parseJson } from './json.ts';
export { newAnnotations, readManifest, type ManifestOptions } from './read.ts';
export { entrySchema, type WrittenEntry } from './schema.ts';
export { splits, type Annotation, type Manifest, type Split } from './types.ts';

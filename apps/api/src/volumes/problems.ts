import { ApiProblem } from '../problem.ts';
import { shown } from './key.ts';
import type { Tally } from './tally.ts';

export const noVolume = (id: string): ApiProblem =>
  new ApiProblem('volume-not-found', `There is no volume ${shown(id)}; POST to /v1/volumes makes one.`, {
    field: 'id',
    value: shown(id),
  });

export const noKey = (key: string): ApiProblem =>
  new ApiProblem(
    'key-not-found',
    `The volume has nothing at ${shown(key)}; a chunk that was not written holds the fill value.`,
    { field: 'key', value: shown(key) },
  );

export const sealed = (id: string): ApiProblem =>
  new ApiProblem('volume-sealed', `The volume ${id} is sealed and never changes; write to a new one.`, {
    field: 'id',
    value: id,
  });

export const underValue = (key: string): ApiProblem =>
  new ApiProblem(
    'invalid-key',
    `The key ${shown(key)} cannot be stored beside those that there are: a value is at the beginning of it, or other keys lie under it; use another, or delete those.`,
    { field: 'key', value: shown(key) },
  );

export const usedBySegmentation = (id: string, segmentation: string): ApiProblem =>
  new ApiProblem(
    'volume-in-use',
    `The segmentation ${segmentation} reads the volume ${id}; wait until it has finished, or cancel it.`,
    { field: 'id', value: id, limit: segmentation },
  );

export const ownedBySegmentation = (id: string, segmentation: string): ApiProblem =>
  new ApiProblem(
    'volume-in-use',
    `The volume ${id} is the result of the segmentation ${segmentation}; delete that, and the volume goes with it.`,
    { field: 'id', value: id, limit: segmentation },
  );

export const noArray = (id: string): ApiProblem =>
  new ApiProblem(
    'metadata-invalid',
    `The volume ${id} has no array; write its metadata (zarr.json or .zarray) and its chunks before it is sealed.`,
    { field: 'id', value: id },
  );

/** @param stated how many the caller says were written, if it does */
export function incomplete(tally: Tally, stated: number | undefined, missing: readonly string[]): ApiProblem {
  const expected = stated ?? tally.layout.keyCount;
  const lost = expected - tally.chunks;
  const some = missing.join(', ');
  const what =
    stated === undefined
      ? `${lost} of ${expected} chunks are missing, the first of them ${some}`
      : `${lost} of the ${expected} chunks that were written are missing, perhaps ${some}`;
  return new ApiProblem(
    'volume-incomplete',
    `${what}; write them (zarr-python leaves out chunks of the fill value unless write_empty_chunks=True), or seal ` +
      'with the number written as "chunks".',
    { field: 'chunks', value: tally.chunks, limit: expected },
  );
}

export const otherCount = (tally: Tally, stated: number): ApiProblem =>
  new ApiProblem(
    'invalid-body',
    stated > tally.layout.keyCount
      ? `The field body.chunks is ${stated}, but the arrays have ${tally.layout.keyCount} chunks at most; seal with the number written.`
      : `The field body.chunks is ${stated}, but ${tally.chunks} are stored; delete those that do not belong, or seal with ${tally.chunks}.`,
    { field: 'body.chunks', value: stated, limit: tally.chunks },
  );

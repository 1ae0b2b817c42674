import { ApiProblem } from '../../problem.ts';
import { describe, MOST_KEYS, type Description } from './describe.ts';
import { replaceState, stateOf, type VolumeState } from './state.ts';
import { refuseWrites } from './writes.ts';

export interface SealOptions {
  readonly chunks?: number | undefined;
  readonly now: () => number;
}

/** Changes of state by others that a seal sits through. */
const TRIES = 5;

/**
 * Seals a volume: closes it for writers, counts, and seals it, or opens it again. Of several that seal at once the first
 * to finish does it, and the others find it sealed. One that dies on the way leaves the volume closed; sealing again
 * goes on from there.
 *
 * @throws ApiProblem `volume-incomplete`, `metadata-invalid`, `volume-too-large`
 */
export async function seal(bucket: R2Bucket, id: string, options: SealOptions): Promise<VolumeState> {
  for (let tries = 0; tries < TRIES; tries++) {
    const read = await stateOf(bucket, id);
    const { state } = read;
    if (state.state === 'sealed') return state;
    if (state.state === 'open') {
      await replaceState(bucket, read, { ...state, state: 'sealing' });
      continue;
    }
    try {
      await refuseWrites(bucket, id, options.now());
      const description = await describe(bucket, id);
      checkComplete(description, options.chunks);
      const { bytes, arrays } = description;
      const at = new Date(options.now()).toISOString();
      const sealed = { ...state, state: 'sealed' as const, sealed: { at, bytes, arrays } };
      if (await replaceState(bucket, read, sealed)) return (await stateOf(bucket, id)).state;
    } catch (error) {
      await replaceState(bucket, read, { ...state, state: 'open' });
      throw error;
    }
  }
  throw new ApiProblem('volume-incomplete', `Others are sealing ${id} too; seal it again in a moment.`, {
    headers: { 'retry-after': '1' },
  });
}

function checkComplete(description: Description, chunks: number | undefined): void {
  const { arrays, layout, complete } = description;
  if (!complete) throw tooMany();
  if (arrays.length === 0) throw noArray();
  const stored = arrays.reduce((sum, array) => sum + array.chunks, 0);
  const wanted = chunks ?? layout.keyCount;
  if (wanted > layout.keyCount || stored > wanted) throw otherCount(stored, wanted, layout.keyCount);
  if (stored === wanted) return;
  const some = description.missing(10);
  const names = some.length === 0 ? '' : `, among them perhaps ${some.join(', ')}`;
  throw new ApiProblem(
    'volume-incomplete',
    `${wanted - stored} of ${wanted} chunks are missing${names}; write them, or say with \`chunks\` how many were written.`,
    { field: 'chunks', value: stored, limit: wanted },
  );
}

const otherCount = (stored: number, wanted: number, most: number): ApiProblem =>
  new ApiProblem(
    'invalid-body',
    `The field body.chunks is ${wanted}, but ${stored} chunks are stored of the ${most} that the arrays have; seal with the number written.`,
    { field: 'body.chunks', value: wanted, limit: stored },
  );

const noArray = (): ApiProblem =>
  new ApiProblem('metadata-invalid', 'The volume has no array; write its zarr.json before sealing.', {
    field: 'zarr.json',
  });

const tooMany = (): ApiProblem =>
  new ApiProblem(
    'volume-too-large',
    `The volume has more than ${MOST_KEYS} keys, which are too many to count in one request; store larger chunks, or shards.`,
    { limit: MOST_KEYS },
  );

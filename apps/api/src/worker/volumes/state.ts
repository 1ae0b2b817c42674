import { ApiProblem } from '../../problem.ts';
import type { VolumeJson } from '../../volumes/types.ts';
import { stateNameOf } from './names.ts';

/** What is kept of a volume beside its values. */
export interface VolumeState {
  readonly id: string;
  readonly name?: string;
  readonly createdAt: string;
  /** `sealing`: chunks are being counted, and nothing may be written. Callers see it as `open`. */
  readonly state: 'open' | 'sealing' | 'sealed';
  /** Never twice the same: R2's etag is a digest of the content, and a state that comes back must not look unchanged. */
  readonly revision: string;
  readonly sealed?: Pick<VolumeJson, 'bytes' | 'arrays'> & { readonly at: string };
}

export interface ReadState {
  readonly state: VolumeState;
  readonly etag: string;
}

export async function readState(bucket: R2Bucket, id: string): Promise<ReadState | undefined> {
  const object = await bucket.get(stateNameOf(id));
  return object === null ? undefined : { state: await object.json<VolumeState>(), etag: object.etag };
}

/** @throws ApiProblem `volume-not-found` */
export async function stateOf(bucket: R2Bucket, id: string): Promise<ReadState> {
  const read = await readState(bucket, id);
  if (read === undefined) throw notFound(id);
  return read;
}

export const writeNewState = (bucket: R2Bucket, state: Omit<VolumeState, 'revision'>): Promise<boolean> =>
  write(bucket, state, new Headers({ 'if-none-match': '*' }));

/** @returns whether it was still what was read; otherwise nothing has changed */
export const replaceState = (
  bucket: R2Bucket,
  { etag }: ReadState,
  next: Omit<VolumeState, 'revision'>,
): Promise<boolean> => write(bucket, next, new Headers({ 'if-match': `"${etag}"` }));

async function write(
  bucket: R2Bucket,
  state: Omit<VolumeState, 'revision'>,
  onlyIf: Headers,
): Promise<boolean> {
  const text = JSON.stringify({ ...state, revision: crypto.randomUUID() });
  const httpMetadata = { contentType: 'application/json' };
  return (await bucket.put(stateNameOf(state.id), text, { onlyIf, httpMetadata })) !== null;
}

export const notFound = (id: string): ApiProblem =>
  new ApiProblem(
    'volume-not-found',
    `There is no volume ${id.slice(0, 60)}; GET /v1/volumes lists those there are.`,
    {
      field: 'id',
      value: id.slice(0, 60),
    },
  );

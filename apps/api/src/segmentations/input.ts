import { isEmIoError, openVolume, type OpenOptions, type Volume } from '@tokenunify/em-io';
import { ApiProblem } from '../problem.ts';
import type { GuardedFetch } from '../remote/index.ts';
import type { Input } from './record.ts';

/** A volume on this machine. */
export interface LocalInput {
  readonly path: string;
  readonly dataset?: string;
}

/** Where the volumes of jobs may be. */
export interface InputSources {
  /** Directory of a stored volume. @throws ApiProblem `volume-not-found` */
  pathOf(volume: string): string;
  /** What a request's path stands for. @throws ApiProblem `path-not-allowed` */
  resolvePath(path: string): Promise<LocalInput>;
  /** A fetch that goes to allowed addresses only. @throws ApiProblem `url-not-allowed` */
  readonly fetch: GuardedFetch;
}

/**
 * Opens what a job reads.
 *
 * @throws ApiProblem `volume-not-found`, `path-not-allowed`, `url-not-allowed`, `volume-unreadable`
 */
export async function openInput(input: Input, sources: InputSources, signal?: AbortSignal): Promise<Volume> {
  const local = await localInput(input, sources);
  if (local) return openLocal(local, input, signal);
  if (!('url' in input)) throw new TypeError('an input is a volume, a path or a URL');
  const { url, dataset } = input;
  const { username, password } = new URL(url);
  if (username !== '' || password !== '')
    throw new ApiProblem(
      'url-not-allowed',
      'The URL has a user or a password, which would be stored with the job; use a signed URL, or upload the volume.',
      { field: 'body.input.url' },
    );
  return open(url, url, { ...(dataset !== undefined && { dataset }), fetch: sources.fetch }, signal);
}

/** Where an input lies on this machine; undefined for one that does not. */
export async function localInput(
  input: Input,
  sources: Pick<InputSources, 'pathOf' | 'resolvePath'>,
): Promise<LocalInput | undefined> {
  if ('path' in input) return sources.resolvePath(input.path);
  if (!('volume' in input)) return undefined;
  const { dataset } = input;
  return { path: sources.pathOf(input.volume), ...(dataset !== undefined && { dataset }) };
}

/** Opens an input whose place is known. */
export function openLocal(
  { path, dataset }: LocalInput,
  input: Input,
  signal?: AbortSignal,
): Promise<Volume> {
  const shown = 'volume' in input ? `The volume ${input.volume}` : path;
  return open(path, shown, dataset === undefined ? {} : { dataset }, signal);
}

/** @param shown what stands for the location in messages: where the server keeps its volumes is nobody's business */
async function open(
  location: string,
  shown: string,
  options: OpenOptions,
  signal: AbortSignal | undefined,
): Promise<Volume> {
  try {
    return await openVolume(location, { ...options, ...(signal && { signal }) });
  } catch (error) {
    const problem = causeOf(error);
    if (problem) throw problem;
    if (!isEmIoError(error)) throw error;
    const detail = error.message
      .replaceAll(location, shown)
      .replaceAll(withoutDataset(location), withoutDataset(shown));
    throw new ApiProblem('volume-unreadable', detail, { field: 'body.input', cause: error });
  }
}

/** `/data/x.h5` of `/data/x.h5:/volumes/raw`: messages name the one or the other. */
function withoutDataset(location: string): string {
  const colon = location.lastIndexOf(':/');
  return colon > 1 && !location.includes('://') ? location.slice(0, colon) : location;
}

/** What the guard of remote volumes threw, which a library may have wrapped. */
function causeOf(error: unknown): ApiProblem | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) if (at instanceof ApiProblem) return at;
  return undefined;
}

import { lstat, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { ApiProblem } from '../problem.ts';

/**
 * Resolves the `path` of a job, `/data/x.h5` or `/data/x.h5:/volumes/raw`, to what it may read: a file or directory
 * that, links followed, lies in one of the roots, as a location that em-io's `openVolume` reads the same way. Outside them nothing is told: the answer is the same whether
 * something is there or not. Whoever can write into a root is trusted not to exchange files for links meanwhile.
 *
 * @throws ApiProblem `path-not-allowed`; `volume-unreadable` when it would lie in a root and is not there
 * @example
 *     const open = resolvePath({ roots: ['/data'] });
 *     const volume = await openVolume(await open('/data/x.h5:/volumes/raw'));
 */
export function resolvePath({
  roots,
}: {
  readonly roots: readonly string[];
}): (path: string) => Promise<string> {
  return async (given) => {
    // After a link `..` leads elsewhere than the text says, so that the text alone could not be judged.
    const odd = given.includes('\0') || given.split(/[/\\]/).includes('..');
    if (odd || !isAbsolute(given)) throw refused(given, roots);
    const places = await Promise.all(roots.map((root) => real(root)));
    const inside = (path: string): boolean =>
      places.some((root) => root !== undefined && contains(root, path));
    const location = await locate(given);
    if (location === undefined) throw (await wouldBe(given, inside)) ? missing(given) : refused(given, roots);
    const { path, dataset } = location;
    if (!inside(path)) throw refused(given, roots);
    if (dataset === undefined) return path;
    // A name inside a Zarr hierarchy is a path below it, and links are followed there too.
    const inner = await real(resolve(path, `.${sep}${dataset}`));
    // Without links it may be the name of something that is there, which em-io would open instead.
    const same = await real(`${path}:${dataset}`);
    if ((inner !== undefined && !inside(inner)) || same !== undefined) throw refused(given, roots);
    return `${path}:${dataset}`;
  };
}

interface Parts {
  readonly path: string;
  readonly dataset?: string;
}

/** As em-io splits it: what exists as it stands has no dataset part. */
async function locate(given: string): Promise<Parts | undefined> {
  const whole = await real(given);
  if (whole !== undefined) return { path: whole };
  const colon = given.lastIndexOf(':');
  const path = colon > 0 ? await real(given.slice(0, colon)) : undefined;
  return path === undefined ? undefined : { path, dataset: given.slice(colon + 1) };
}

/** Undefined for all that cannot be followed to its end, for whatever reason. */
const real = (path: string): Promise<string | undefined> => realpath(path).catch(() => undefined);

/** Whether what is missing would lie inside: the nearest of its directories that is there does. */
async function wouldBe(path: string, inside: (path: string) => boolean): Promise<boolean> {
  for (let at = resolve(path); ; at = dirname(at)) {
    const there = await real(at);
    if (there !== undefined) return inside(there);
    // A link to nothing: saying so would tell what is outside.
    if (
      await lstat(at).then(
        () => true,
        () => false,
      )
    )
      return false;
    if (at === dirname(at)) return false;
  }
}

function contains(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

const refused = (path: string, roots: readonly string[]): ApiProblem =>
  new ApiProblem(
    'path-not-allowed',
    roots.length === 0
      ? 'This server opens no paths; upload the volume, or have its operator start it with --data-root.'
      : `${path} is in none of the directories that this server opens; name a file inside one, from / on, or upload the volume.`,
    { field: 'body.input.path', value: path },
  );

const missing = (path: string): ApiProblem =>
  new ApiProblem('volume-unreadable', `${path} does not exist; check the path.`, {
    field: 'body.input.path',
    value: path,
  });

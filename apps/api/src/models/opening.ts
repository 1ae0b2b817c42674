import { readModelPackage, type ModelPackage } from '@tokenunify/model';
import { toProblem } from '../failures.ts';
import type { Catalog } from './catalog.ts';
import type { Intake } from './intake.ts';
import type { PackageDirectory } from './packages.ts';

export interface OpeningOptions {
  readonly catalog: Catalog;
  readonly directory: PackageDirectory;
  readonly intake: Intake;
  readonly now: () => number;
}

const never = new AbortController().signal;

/** Removes what a killed server left on its way, and ends the deletions that it had begun. */
export async function recover({ catalog: { rows }, directory }: OpeningOptions): Promise<void> {
  await directory.sweep((digest) => (rows.get(digest)?.bytes ?? 0) > 0);
  for (const { digest, state, bytes } of rows.all())
    if (state === 'retired' && bytes > 0 && !(await directory.has(digest))) rows.emptied(digest);
}

/**
 * Takes in a package of this machine; it becomes champion where there is none.
 *
 * @returns what whoever starts the server should know
 * @throws ModelError a directory that is no package, a model that does not run; ApiProblem
 */
export async function register(dir: string, options: OpeningOptions): Promise<string | undefined> {
  const { catalog, intake, now } = options;
  const { deployments, rows } = catalog;
  const model = await readModelPackage(dir);
  const { digest } = model;
  const isFirst = () => deployments.digestOf('champion') === undefined;
  if (rows.get(digest)?.state === 'retired')
    return `${called(model)} in ${dir} is retired; upload it with POST /v1/models to use it again.`;
  try {
    await intake.copy(dir, never);
  } catch (error) {
    // a server that has a champion starts with it
    const problem = toProblem(error);
    if (problem.code === 'insufficient-storage' && isFirst()) throw problem;
    if (problem.code === 'internal' || isFirst()) throw error;
    return `${called(model)} in ${dir} was not taken in: ${problem.message}`;
  }
  if (deployments.digestOf('champion') === digest) return undefined;
  if (isFirst()) {
    const start = { kind: 'start', alias: 'champion', to: digest, by: 'server' } as const;
    deployments.move({ ...start, at: now(), reason: undefined });
    return undefined;
  }
  return `${called(model)} in ${dir} is not the champion; promote it with POST /v1/models/${digest}/promote.`;
}

const called = ({ name, version }: ModelPackage): string => `${name} ${version}`;

import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readModelPackage, type ModelPackage } from '@tokenunify/model';
import type { Context } from './context.ts';
import { NightError, nightExitCodes } from './errors.ts';
import { sayModel, type RegisteredFile } from './registry.ts';
import type { ModelName } from './types.ts';

const RDF = 'rdf.yaml';

/**
 * The champion's package on this machine, verified down to its digest. It is downloaded once.
 *
 * @throws NightError when the registry gives something else; errors of the file system
 */
export async function fetchChampion(
  {
    directory,
    registry,
    ask,
    reporter,
    signal,
  }: Pick<Context, 'directory' | 'registry' | 'ask' | 'reporter' | 'signal'>,
  champion: ModelName,
): Promise<ModelPackage> {
  const path = join(directory.champions, championFolder(champion));
  const there = await readModelPackage(path).catch(() => undefined);
  if (there?.digest === champion.digest) return there;
  await rm(path, { recursive: true, force: true });
  const partial = `${path}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  const { files } = await ask(() => registry.model(champion.digest, { signal }));
  const all: Pick<RegisteredFile, 'name' | 'sha256'>[] = files.some(({ name }) => name === RDF)
    ? [...files]
    : [...files, { name: RDF, sha256: champion.digest.replace(/^sha256:/, '') }];
  for (const [index, { name, sha256 }] of all.entries()) {
    if (basename(name) !== name || name === '' || name.startsWith('.'))
      throw given(champion, `a file named ${JSON.stringify(name)}`);
    await ask(async () => {
      const response = await registry.modelFile(champion.digest, name, { signal });
      const got = await save(response, join(partial, name), signal);
      if (got !== sha256) throw given(champion, `${name} with sha256 ${got} instead of ${sha256}`);
    });
    reporter.progress({ stage: 'download', done: index + 1, total: all.length, detail: name });
  }
  const model = await readModelPackage(partial);
  if (model.digest !== champion.digest) throw given(champion, `a package with the digest ${model.digest}`);
  await rename(partial, path);
  return readModelPackage(path);
}

export const championFolder = ({ digest }: ModelName): string => digest.replace(/^sha256:/, '');

const given = (champion: ModelName, what: string): NightError =>
  new NightError(
    `For the champion ${sayModel(champion)} the server gave ${what}; check the server's disk, and run the same command again.`,
    { exitCode: nightExitCodes.failed },
  );

/** @returns the sha256 of what came */
async function save(response: Response, file: string, signal: AbortSignal): Promise<string> {
  if (response.body === null) throw new Error(`The answer for ${basename(file)} has no body.`);
  const hash = createHash('sha256');
  const source = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]); // the same class, typed twice
  await pipeline(
    source,
    async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
    },
    createWriteStream(file, { flush: true }),
    { signal },
  );
  return hash.digest('hex');
}

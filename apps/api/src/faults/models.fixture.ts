import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { encodeNpy, ndArray } from '@tokenunify/em-io';
import { packModelPackage } from '@tokenunify/model';
import { createClient, type ApiClient } from '../client/index.ts';
import { writeUntrainedPackage } from '../package.fixture.ts';
import { grey } from '../segmentations/testing.fixture.ts';

/** A version as it is uploaded. */
export interface Archive {
  readonly dir: string;
  readonly digest: string;
  readonly version: string;
  readonly zip: Uint8Array;
}

/** The real nano network with other weights for each version, so that each gives other affinities. */
export async function archiveOf(root: string, version: string): Promise<Archive> {
  const dir = join(root, `package-${version}`);
  const seed = Number(version.replaceAll('.', ''));
  const { digest } = await writeUntrainedPackage(dir, { version, seed });
  return { dir, digest, version, zip: await buffer(packModelPackage(dir)) };
}

/** A client that asks once: what fails is seen to fail. */
export const once = (url: string): ApiClient => createClient(url, { retries: 0 });

/** One tile. */
const small = encodeNpy(ndArray('uint8', [16, 32, 32], grey([16, 32, 32])));

/** Of a small volume: the version that says it has answered, and the sha256 of what it gave. */
export const affinitiesOf = async (api: ApiClient, model?: string): Promise<string> => {
  const result = await api.segment(small, { output: 'affinities', ...(model !== undefined && { model }) });
  return `${result.model} ${createHash('sha256').update(result.npy).digest('hex')}`;
};

/** Processes that a server has started and that live; only Linux tells. */
export async function childrenOf(pid: number | undefined): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}

/** Names of what lies in a folder of the registry; none when there is no folder. */
export const inRegistry = (data: string, folder: 'uploads' | 'packages'): Promise<string[]> =>
  readdir(join(data, 'models', folder)).catch(() => []);

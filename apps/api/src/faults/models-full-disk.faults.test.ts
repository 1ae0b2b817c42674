/**
 * A disk that is really full under the registry: the data directory lies on a small file system, which takes root and
 * Linux. Nothing is promoted, nothing is left, the champion serves, and the message says what to do.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiClient } from '../client/index.ts';
import { affinitiesOf, archiveOf, inRegistry, once, type Archive } from './models.fixture.ts';
import { startProcess, type ServerProcess } from './process.fixture.ts';

const root = await mkdtemp(join(tmpdir(), 'models-full-'));
const data = join(root, 'data');
const mounted = tryToMount();

function tryToMount(): boolean {
  mkdirSync(data);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', data], { stdio: 'pipe' });
    return true;
  } catch (error) {
    console.log(`SKIPPED: a small file system cannot be mounted here (${String(error).split('\n')[0]})`);
    return false;
  }
}

let server: ServerProcess | undefined;
let api: ApiClient;
let archives: readonly [Archive, Archive, Archive];
beforeAll(async () => {
  archives = [await archiveOf(root, '1.0.0'), await archiveOf(root, '2.0.0'), await archiveOf(root, '3.0.0')];
  server = await startProcess('--model', archives[0].dir, '--data', data);
  api = once(server.url);
  await api.uploadModel(archives[1].zip);
}, 120_000);
afterAll(async () => {
  await server?.kill();
  if (mounted) execFileSync('umount', [data]);
  await rm(root, { recursive: true, force: true });
});

const filler = join(data, 'filler');
/** Leaves so many bytes of room. */
async function leave(bytes: number): Promise<void> {
  await rm(filler, { force: true });
  const { bavail, bsize } = await statfs(data);
  await writeFile(filler, new Uint8Array(bavail * bsize - bytes));
}
const versions = async () => {
  const found = [];
  for await (const { version } of api.models()) found.push(version);
  return found;
};

describe.skipIf(!mounted)('a full disk', () => {
  it.each([
    ['the archive does not fit', 0.5],
    ['its files do not fit beside it', 1.5],
  ])('takes no upload where %s, and keeps nothing of it', async (_, times) => {
    const { zip } = archives[2];
    await leave(Math.floor(zip.length * times));
    await expect(api.uploadModel(zip)).rejects.toMatchObject({
      status: 507,
      code: 'insufficient-storage',
      message: expect.stringMatching(
        /nothing of the package was kept; delete retired versions.* upload it again/,
      ),
    });
    expect(await inRegistry(data, 'uploads')).toEqual([]);
    expect(await inRegistry(data, 'packages')).toHaveLength(2);
    expect(await versions()).toEqual(['2.0.0', '1.0.0']);
    expect(await affinitiesOf(api)).toContain(archives[0].digest);
  });

  it('promotes nothing, or all of it', async () => {
    const before = await api.deployment();
    await leave(0);
    const refused = await api.promoteModel(archives[1].digest).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refused).toMatchObject({
      status: 507,
      code: 'insufficient-storage',
      message: expect.stringMatching(
        /no room left on its disk.* Delete volumes or jobs, or give it more room/,
      ),
    });
    expect(await api.deployment()).toEqual(before);
    expect(await affinitiesOf(api)).toContain(archives[0].digest);
    await rm(filler);
    expect((await api.promoteModel(archives[1].digest)).champion.version).toBe('2.0.0');
    expect((await api.uploadModel(archives[2].zip)).created).toBe(true);
    expect(await affinitiesOf(api)).toContain(archives[1].digest);
  });
});

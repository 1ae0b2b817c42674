/**
 * Uploads whose model does not run as its package says, with real processes: refused, nothing kept, the champion serves.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { encodeNpy, ndArray } from '@tokenunify/em-io';
import { packModelPackage } from '@tokenunify/model';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ApiClient } from '../client/index.ts';
import { writeTinyPackage } from '../models/testing.fixture.ts';
import { writeUntrainedPackage } from '../package.fixture.ts';
import { startServer, type RunningServer } from '../server.ts';
import { affinitiesOf, archiveOf, childrenOf, inRegistry, once, type Archive } from './models.fixture.ts';

/** Enough for a start on a machine with other work. */
const TEST_MS = 30_000;

let root: string;
let data: string;
let server: RunningServer;
let api: ApiClient;
let next: Archive;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'models-upload-'));
  data = join(root, 'data');
  const first = await archiveOf(root, '1.0.0');
  next = await archiveOf(root, '2.0.0');
  server = await startServer({ model: first.dir, data, threads: 1, models: { testMs: TEST_MS } });
  api = once(server.url);
}, 120_000);
afterAll(async () => {
  await server.close();
  await rm(root, { recursive: true, force: true });
});

afterEach(async () => {
  expect(await inRegistry(data, 'uploads'), 'nothing is left').toEqual([]);
  expect(await inRegistry(data, 'packages')).toHaveLength(1);
  expect(await affinitiesOf(api)).toContain(server.model.digest);
  expect(await childrenOf(process.pid), 'the process of the champion').toHaveLength(1);
});

/** Uploads, and does something to the process that tests it. */
async function uploadWith(signal: NodeJS.Signals): Promise<unknown> {
  const before = await childrenOf(process.pid);
  const upload = api.uploadModel(next.zip).then(
    () => 'taken in',
    (error: unknown) => error,
  );
  let pid: number | undefined;
  while (pid === undefined) {
    pid = (await childrenOf(process.pid)).find((child) => !before.includes(child));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  process.kill(pid, signal);
  return upload;
}

describe.skipIf(process.platform !== 'linux')('the process that tests an upload', () => {
  it('may end by itself: the package is refused', async () => {
    expect(await uploadWith('SIGKILL')).toMatchObject({
      status: 422,
      code: 'model-failed-test',
      message: expect.stringMatching(/ended unexpectedly \(signal SIGKILL\)/),
    });
  });

  it('may hang: it is ended when its time is up, and the package is refused', async () => {
    expect(await uploadWith('SIGSTOP')).toMatchObject({
      status: 422,
      code: 'model-failed-test',
      message: expect.stringMatching(/2\.0\.0 did not answer its test tile within 30 s/),
    });
  });
});

describe('an upload', () => {
  it('whose ONNX file is none is refused', async () => {
    const { dir } = await writeTinyPackage(join(root, 'no-onnx'), { version: '3.0.0' });
    await expect(api.uploadModel(await buffer(packModelPackage(dir)))).rejects.toMatchObject({
      status: 422,
      code: 'model-failed-test',
      message: expect.not.stringContaining(root),
    });
  });

  it('whose model gives something else than its test output is refused', async () => {
    const testOutput = encodeNpy(ndArray('float32', [1, 3, 16, 32, 32]));
    const { dir } = await writeUntrainedPackage(join(root, 'other-output'), { version: '3.0.0', testOutput });
    await expect(api.uploadModel(await buffer(packModelPackage(dir)))).rejects.toMatchObject({
      status: 422,
      code: 'model-failed-test',
      message: expect.stringMatching(/gives another answer to its test tile/),
    });
  });
});

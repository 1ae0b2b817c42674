import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../testing.fixture.ts';
import { readConfig } from './config.ts';
import { NightError } from './errors.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeAll(async () => {
  directory = await temporaryDirectory();
});
afterAll(() => directory.remove());

const least = {
  server: { url: 'http://127.0.0.1:8787' },
  directory: 'nightly',
  manifest: 'data/annotations.json',
  gate: { voi: { margin: 0.01 } },
  smokeTest: { raw: 'reference.npy', expected: 's3://bucket/labels.zarr', maximumVoi: 0.5 },
};

async function read(value: unknown) {
  const file = directory.join('nightly.json');
  await writeFile(file, typeof value === 'string' ? value : JSON.stringify(value));
  return readConfig(file);
}

async function refused(value: unknown): Promise<string> {
  const error = await read(value).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(NightError);
  const { message, exitCode } = error as NightError;
  expect(exitCode).toBe(2);
  expect(message).toContain(directory.join('nightly.json'));
  return message.replace(`${directory.join('nightly.json')}: `, '');
}

describe('nightly.json', () => {
  it('is read with defaults; paths are relative to its folder, URLs are not', async () => {
    expect(await read(least)).toEqual({
      file: directory.join('nightly.json'),
      server: { url: 'http://127.0.0.1:8787', patienceSeconds: 600 },
      directory: directory.join('nightly'),
      manifest: directory.join('data/annotations.json'),
      training: {
        ...{ steps: 500, rate: 0.0005, crop: [64, 64, 64], batch: 1, checkpointEvery: 50 },
        ...{ isotropic: true, erode: true, engine: 'auto', seed: 1 },
      },
      gate: { voi: { margin: 0.01 } },
      smokeTest: {
        ...{ raw: directory.join('reference.npy'), expected: 's3://bucket/labels.zarr' },
        ...{ maximumVoi: 0.5, patienceSeconds: 60, timeoutSeconds: 300 },
      },
    });
  });

  it.each<[unknown, string]>([
    [{ ...least, training: { stepps: 5 } }, 'training.stepps is no setting; did you mean training.steps?'],
    [{ ...least, deadline: 5 }, 'deadline is no setting; there is server, directory, manifest, name,'],
    [{ ...least, gates: {} }, 'gates is no setting; did you mean gate?'],
    [{ ...least, gate: { VOI: { margin: 0 } } }, 'gate.VOI is no setting; did you mean gate.voi?'],
    [
      { ...least, gate: { speed: { margin: 0 } } },
      'gate is {"speed":{"margin":0}}, but must be an object that names voi or adaptedRand',
    ],
    [{ ...least, gate: { voi: { margin: 2 } } }, 'gate.voi.margin is 2, but must be a number from -1 to 1'],
    [{ ...least, gate: { voi: 0.1 } }, 'gate.voi is 0.1, but must be an object as {"margin": 0.01}'],
    [
      { ...least, training: { steps: 0 } },
      'training.steps is 0, but must be a whole number from 1 to 10000000; change it there.',
    ],
    [{ ...least, training: { crop: [64, 64] } }, 'training.crop is [64,64], but must be three sizes'],
    [{ ...least, training: { engine: 'wasm' } }, 'but must be one of auto, tensorflow, webgpu, cpu'],
    [{ ...least, training: { isotropic: 'yes' } }, 'training.isotropic is "yes", but must be true or false'],
    [
      { ...least, manifest: undefined },
      'manifest is missing; it must be the file that lists the annotations',
    ],
    [{ ...least, server: {} }, 'server.url is missing; it must be the address of the API'],
    [{ ...least, smokeTest: undefined }, 'smokeTest is missing'],
    [{ ...least, deadlineMinutes: 0 }, 'deadlineMinutes is 0, but must be a number from 0.01 to 100000'],
    [{ ...least, name: 'a/b' }, 'name is "a/b", but must be the name of the models, 5 to 128 letters'],
    [[], 'the file is [], but must be an object; change it there.'],
  ])('%j is refused, with field, value and what it must be', async (value, message) =>
    expect(await refused(value)).toContain(message),
  );

  it('that is no JSON, or is not there, is refused', async () => {
    expect(await refused('{"server": ')).toContain('is not JSON (');
    await expect(readConfig(directory.join('absent.json'))).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('absent.json cannot be read (ENOENT); name the file'),
    });
  });
});

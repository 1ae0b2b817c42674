/** Nights in a row, on one server: each ends another way, and after each the server has the champion that it should. */
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  annotate,
  configure,
  isDone,
  prepare,
  reportOf,
  retrain,
  startApi,
  temporaryPlace,
  writeVolume,
  type Api,
  type Place,
} from './night.fixture.ts';

let place: Place;
let api: Api;
let manifest: string;
beforeAll(async () => {
  place = await temporaryPlace();
  await prepare(place);
  manifest = place.at('annotations.json');
  await annotate(place, manifest, { volume: 'train', split: 'train' });
  await annotate(place, manifest, { volume: 'held-out', split: 'held-out' });
  api = await startApi(place.at('data'), place.at('first'));
}, 180_000);
afterAll(async () => {
  await api?.stop();
  await place?.remove();
});

const config = (settings = {}) => configure(place, 'nightly.json', api.url, settings);
/** Another part of the training volume, so that a night has something new. */
const more = (box: string) => annotate(place, manifest, { volume: 'train', box, split: 'train' });
/** Who answers a request that names nobody. */
async function answering(): Promise<string> {
  return (await api.client.segment(await readFile(place.at('reference.npy')))).model;
}

describe('a night against a real server', { timeout: 400_000 }, () => {
  it('promotes a better challenger', async () => {
    const before = await api.client.deployment();
    const { code, result, lines } = await retrain(await config());
    expect({ code, outcome: result?.['outcome'] }, JSON.stringify(lines.slice(-3))).toEqual({
      code: 0,
      outcome: 'promoted',
    });
    const after = await api.client.deployment();
    expect(after.champion.digest).not.toBe(before.champion.digest);
    expect(after.previous?.digest).toBe(before.champion.digest);
    expect(after.history[0]).toMatchObject({ kind: 'promote', reason: expect.stringContaining('voi') });
    expect(await answering()).toBe(after.champion.digest);
    const report = await reportOf(place);
    expect(report).toMatchObject({
      ...{ outcome: 'promoted', exitCode: 0, serving: after.champion },
      smoke: { passed: true, model: after.champion.digest },
      decision: { promote: true },
    });
    expect(await readFile(place.at('nightly/latest.html'), 'utf8')).toContain('<svg');
  });

  it('with nothing new does nothing and says so', async () => {
    const before = await api.client.deployment();
    const { code, result } = await retrain(await config());
    expect(code).toBe(0);
    expect(result).toMatchObject({
      outcome: 'nothing-new',
      reason: expect.stringContaining('so nothing was trained'),
    });
    expect(await api.client.deployment()).toEqual(before);
  });

  it('keeps a worse one as challenger', async () => {
    const before = await api.client.deployment();
    // labels of another volume: nothing can be learnt from them
    await writeVolume(place, 'wrong', [64, 64, 64], 9);
    await copyFile(place.at('train.npy'), place.at('wrong.npy'));
    const wrong = place.at('annotations-wrong.json');
    await annotate(place, wrong, { volume: 'wrong', split: 'train' });
    await annotate(place, wrong, { volume: 'held-out', split: 'held-out' });
    const { code, result } = await retrain(
      await config({ manifest: 'annotations-wrong.json', training: { rate: 0.3 } }),
    );
    expect({ code, result }).toMatchObject({ code: 0, result: { outcome: 'kept' } });
    const after = await api.client.deployment();
    expect(after.champion).toEqual(before.champion);
    expect(after.challenger?.version).toMatch(/^0\.1\.\d{10}$/);
    expect(await answering()).toBe(before.champion.digest);
    expect(await reportOf(place)).toMatchObject({ decision: { promote: false }, serving: before.champion });
  });

  it('refuses a package that was broken after the export', async () => {
    const before = await api.client.deployment();
    await more('16:64,:,:');
    const short = await config({ training: { steps: 2 } });
    let night = '';
    const killed = await retrain(short, {
      heard: (line, child) => {
        night = /^Night (\S+) begins/.exec(String(line['text']))?.[1] ?? night;
        if (isDone(line, 'export')) child.kill('SIGKILL');
      },
    });
    expect(killed.signal).toBe('SIGKILL');
    const model = place.at('nightly/nights', night, 'package/model.onnx');
    const bytes = await readFile(model);
    bytes[bytes.length >> 1]! ^= 0xff;
    await writeFile(model, bytes);
    const { code, result } = await retrain(short);
    expect({ code, result }).toMatchObject({
      code: 1,
      result: {
        outcome: 'refused',
        reason: expect.stringContaining('model.onnx is not the file that rdf.yaml describes'),
      },
    });
    expect((await api.client.deployment()).champion).toEqual(before.champion);
    expect(await answering()).toBe(before.champion.digest);
  });

  it('rolls back what fails its smoke test', async () => {
    const before = await api.client.deployment();
    const { code, result } = await retrain(
      await config({
        training: { steps: 2, rate: 1e-6 },
        gate: { voi: { margin: -1 } },
        smokeTest: { maximumVoi: 0.0001 },
      }),
    );
    expect({ code, result }).toMatchObject({
      code: 4,
      result: { outcome: 'rolled-back', reason: expect.stringContaining('the limit is 0.0001') },
    });
    const after = await api.client.deployment();
    expect(after.champion).toEqual(before.champion);
    expect(after.history.slice(0, 2).map(({ kind }) => kind)).toEqual(['rollback', 'promote']);
    expect(await answering()).toBe(before.champion.digest);
    expect(await reportOf(place)).toMatchObject({ serving: before.champion, smoke: { passed: false } });
  });
});

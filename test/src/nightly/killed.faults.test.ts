/** A night that is killed again and again, at random, ends as one that nobody disturbed. */
import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { Random } from '@tokenunify/model';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  annotate,
  configure,
  isDone,
  prepare,
  reportOf,
  retrain,
  startApi,
  temporaryPlace,
  type Api,
  type Invocation,
  type Line,
  type Place,
} from './night.fixture.ts';

let place: Place;
const servers: Api[] = [];
beforeAll(async () => {
  place = await temporaryPlace();
  await prepare(place);
  await annotate(place, place.at('annotations.json'), { volume: 'train', split: 'train' });
  await annotate(place, place.at('annotations.json'), { volume: 'held-out', split: 'held-out' });
}, 300_000);
afterAll(async () => {
  for (const api of servers) await api.stop();
  await place?.remove();
});

async function night(name: string) {
  const api = await startApi(place.at(`data-${name}`), place.at('first'));
  servers.push(api);
  const config = await configure(place, `${name}.json`, api.url, {
    directory: `nightly-${name}`,
    training: { steps: 4, checkpointEvery: 1, rate: 0.01 },
    gate: { voi: { margin: -1 } }, // what was trained so little need not be better
  });
  return { api, config };
}

/** What must not depend on whether the night was disturbed. Names and times are another's. */
async function endOf(api: Api, name: string) {
  const { champion, challenger, history } = await api.client.deployment();
  const { files } = await api.client.model(champion.digest);
  const weights = files.filter(({ name: file }) => file === 'model.onnx').map(({ sha256 }) => sha256);
  const { outcome, exitCode, resumable, serving } = await reportOf(place, `nightly-${name}`);
  expect(serving).toEqual(champion);
  const moves = history.map(({ kind }) => kind);
  return { outcome, exitCode, resumable, weights, challenger, moves };
}

/** What a night reports on its way, in that order. */
const moments: readonly ((line: Line) => boolean)[] = [
  ({ text }) => /^(Night|Going on)/.test(String(text)),
  ({ stage, done }) => stage === 'train' && done === 2,
  ...['train', 'export', 'evaluate', 'decide', 'promote'].map((step) => (line: Line) => isDone(line, step)),
];

/** Runs a night to its end; how many milliseconds lay between each moment and the next one, or the end. */
async function timed(config: string) {
  const at: number[] = [];
  const night = await retrain(config, {
    heard: (line) => moments.forEach((reached, i) => reached(line) && (at[i] ??= performance.now())),
  });
  const end = performance.now();
  return { night, gaps: moments.map((_, i) => (at[i + 1] ?? end) - (at[i] ?? end)) };
}

it('ends the same', { timeout: 600_000 }, async () => {
  const undisturbed = await night('whole');
  const { night: whole, gaps } = await timed(undisturbed.config);
  expect(whole).toMatchObject({ code: 0, result: { outcome: 'promoted' } });
  const expected = await endOf(undisturbed.api, 'whole');
  expect(expected.moves.filter((kind) => kind === 'promote')).toHaveLength(1);

  const { api, config } = await night('killed');
  const first = (await api.client.deployment()).champion.digest;
  const reference = await readFile(place.at('reference.npy'));
  const seed = Date.now() % 1e6;
  const random = new Random(seed);
  let killed = 0;
  for (const [i, reached] of moments.entries()) {
    const after = random.uniform(0, 0.8 * gaps[i]!); // one gap a moment
    const heard: Invocation['heard'] = (line, child) => {
      if (reached(line)) void wait(after).then(() => child.kill('SIGKILL'));
    };
    const { signal, code, stderr } = await retrain(config, { heard });
    if (signal === 'SIGKILL') killed++;
    // it may have been over before, as when the one before got further than it was to
    else expect(code, stderr).toBe(0);
    const { champion } = await api.client.deployment();
    const { model } = await api.client.segment(reference);
    expect(model, `seed ${seed}`).toBe(champion.digest);
  }
  // a machine that gets faster meanwhile may be past a moment, but hardly past its training
  expect(killed, `seed ${seed}`).toBeGreaterThan(1);
  const { code, result } = await retrain(config);
  expect({ code, outcome: result?.['outcome'] }, `seed ${seed}`).toEqual({
    code: 0,
    outcome: expect.stringMatching(/^(promoted|nothing-new)$/),
  });
  if (result?.['outcome'] === 'promoted')
    expect(await endOf(api, 'killed'), `seed ${seed}`).toEqual(expected);
  expect((await api.client.deployment()).champion.digest).not.toBe(first);
  expect(await retrain(config)).toMatchObject({ code: 0, result: { outcome: 'nothing-new' } });
});

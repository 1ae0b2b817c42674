import { expect, it } from 'vitest';
import { processorTime } from './processor-time.ts';
import { measureSpeed, quantile } from './speed.ts';

const tileShape = [10, 10, 10] as const;
const tiles = [new Float32Array(1000), new Float32Array(1000)];
const signal = new AbortController().signal;

/** Models that take as long as `cost` says, on a machine whose clock and mood it knows. */
function machine(cost: (who: 'champion' | 'challenger', run: number) => number) {
  let clock = 0;
  const ran: string[] = [];
  const predictor = (who: 'champion' | 'challenger') => ({
    ...{ tileShape, batchSize: 1, channels: 3 as const },
    predict: () => {
      clock += cost(who, ran.length);
      ran.push(who === 'champion' ? 'A' : 'B');
      return Promise.resolve(new Float32Array(3000));
    },
  });
  const predictors = { champion: predictor('champion'), challenger: predictor('challenger') };
  return { ran, options: { predictors, tiles, signal, now: () => clock } };
}

it('speeds are megavoxels a second, measured in turns after a warm-up', async () => {
  const { ran, options } = machine((who, run) => (run < 2 ? 500 : who === 'champion' ? 1 : 2));
  const measured = await measureSpeed({ ...options, rounds: { least: 3, most: 3, seconds: 1 } });
  expect(ran.join('')).toBe('AB' + 'ABBA' + 'BAAB' + 'ABBA');
  expect(measured).toEqual({
    speed: { champion: 1, challenger: 0.5 },
    speedRatio: { by: 'clock', best: 0.5, lowerQuartile: 0.5, upperQuartile: 0.5, rounds: 3 },
  });
});

it('another process that comes and goes does not decide', async () => {
  // three runs in four are disturbed, and the challenger's more
  const busy = machine(
    (who, run) => (who === 'champion' ? 10 : 11) * (run % 4 === 1 ? 1 : who === 'champion' ? 2 : 3),
  );
  const { speedRatio, speed } = await measureSpeed(busy.options);
  expect(speedRatio.best).toBeCloseTo(10 / 11, 10);
  expect(speed.challenger / speed.champion).toBeCloseTo(10 / 11, 10);
  expect(speedRatio.lowerQuartile).toBeLessThan(0.8); // but it is told
});

it('rounds go on until the fastest runs agree', async () => {
  const late = machine((_who, run) => (run < 2 + 4 * 7 ? 20 + run : 10));
  expect((await measureSpeed(late.options)).speedRatio).toMatchObject({ best: 1, rounds: 8 });
  const quiet = machine(() => 10);
  expect((await measureSpeed(quiet.options)).speedRatio.rounds).toBe(5);
});

it('a slow model is measured a few times, an unsteady one often, and both stop when told to', async () => {
  const slow = machine((_who, run) => 10_000 * (1 + run));
  expect((await measureSpeed(slow.options)).speedRatio.rounds).toBe(5);
  const unsteady = machine((_who, run) => 1 + run);
  expect((await measureSpeed(unsteady.options)).speedRatio.rounds).toBe(40);
  const stopped = AbortSignal.abort(new Error('enough'));
  await expect(measureSpeed({ ...unsteady.options, signal: stopped })).rejects.toThrow('enough');
});

it('processor time is compared where it is known of every run, and the clock otherwise', async () => {
  // the clock says that the challenger is slow; its process did as much as the champion's
  const { options } = machine((who, run) => (who === 'champion' ? 10 : 30 + run));
  const used = { champion: 0, challenger: 0 };
  const counting = {
    champion: { ...options.predictors.champion, predict: () => count('champion') },
    challenger: { ...options.predictors.challenger, predict: () => count('challenger') },
  };
  const count = (who: 'champion' | 'challenger') => {
    used[who] += 5;
    return options.predictors[who].predict();
  };
  const processorTime = (who: 'champion' | 'challenger') => used[who];
  const { speed, speedRatio } = await measureSpeed({ ...options, predictors: counting, processorTime });
  expect(speedRatio).toEqual({ by: 'processor', best: 1, lowerQuartile: 1, upperQuartile: 1, rounds: 5 });
  expect(speed).toEqual({ champion: 0.1, challenger: 0.1 });
  let asked = 0;
  const sometimes = (who: 'champion' | 'challenger') => (++asked === 20 ? undefined : used[who]);
  const other = await measureSpeed({ ...options, predictors: counting, processorTime: sometimes });
  expect(other.speedRatio.by).toBe('clock');
  expect(other.speedRatio.best).toBeLessThan(0.5);
});

it.runIf(process.platform === 'linux')('processor time grows with work, not with waiting', async () => {
  const before = processorTime(process.pid);
  if (before === undefined) return; // a kernel that does not count
  await new Promise((resolve) => setTimeout(resolve, 200));
  const waited = processorTime(process.pid)!;
  for (const until = process.cpuUsage().user + 150_000; process.cpuUsage().user < until;);
  expect(processorTime(process.pid)! - waited).toBeGreaterThan(100);
  expect(waited - before).toBeLessThan(150);
  expect(processorTime(undefined)).toBeUndefined();
  expect(processorTime(2 ** 30)).toBeUndefined();
});

it('a quantile lies between the two nearest values', () => {
  expect([0, 0.25, 0.5, 1].map((share) => quantile([4, 1, 3, 2], share))).toEqual([1, 1.75, 2.5, 4]);
  expect(quantile([7], 0.25)).toBe(7);
});

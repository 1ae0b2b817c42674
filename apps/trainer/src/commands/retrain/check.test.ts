import { afterEach, beforeEach, expect, it } from 'vitest';
import { CommandError } from '../../errors.ts';
import { claim } from '../../claim.ts';
import { checkNight } from './check.ts';
import { NightDirectory } from './night-directory.ts';
import { once, problem, raise, stage, unreachable, type Staged } from './night.fixture.ts';

let staged: Staged;
beforeEach(async () => {
  staged = await stage();
});
afterEach(() => staged.remove());

const check = () => {
  const { config, registry, tools } = staged;
  return checkNight({
    ...{ config, registry, readManifest: tools.readManifest, signal: new AbortController().signal },
    directory: new NightDirectory(config.directory),
    reporter: { progress: () => undefined, note: () => undefined, result: () => undefined },
  });
};
/** A night that a kill left after this point. */
async function leave(point: string) {
  let restore: (() => Promise<void>) | undefined;
  once(staged, point, async () => void (restore = await staged.snapshot()));
  await staged.run();
  await restore?.();
}
const changed = () =>
  staged.points.filter((point) => /write|upload|promote|challengeModel|train/.test(point));

it('says what a new night would do, and does nothing', async () => {
  expect(await check()).toEqual({
    exitCode: 0,
    reason: expect.stringMatching(
      /^The night would train from TokenUnify test 0\.1\.0 \(sha256:\w{12}\) on 2 annotations, 2 of them new, and compare on 1 held out\.$/,
    ),
  });
  expect(changed()).toEqual([]);
});

it('says that nothing is new', async () => {
  await staged.run();
  expect((await check()).reason).toBe(
    'The night would do nothing, since none of the 2 annotations to train on is new.',
  );
});

it('says which night it would go on with, and that a promotion is tested first', async () => {
  await leave('after compareModels');
  expect((await check()).reason).toBe('The night would go on with night 2026-11-24-1 after its step export.');
  await staged.run();
  staged.annotations.push({ ...staged.annotations[0]!, key: 'key-9' });
  let restore: (() => Promise<void>) | undefined;
  staged.at = async (point) => {
    if (point === 'before segment' && staged.registry.state.moves.length > 3)
      restore ??= await staged.snapshot();
  };
  await staged.run();
  await restore?.();
  expect((await check()).reason).toContain('go on with night 2026-11-24-2, and test TokenUnify test 0.1.');
});

it.each<[string, () => unknown, number, RegExp]>([
  [
    'a registry that is down',
    () => once(staged, 'before deployment', raise(unreachable())),
    3,
    /was not reached/,
  ],
  [
    'a key that is refused',
    () => once(staged, 'before deployment', raise(problem(401, 'unauthorized'))),
    2,
    /TOKENUNIFY_API_KEY/,
  ],
  [
    'a wrong manifest',
    () =>
      once(staged, 'before readManifest', raise(new CommandError('trainer/manifest', 'Entry 1 is wrong.'))),
    2,
    /^Entry 1 is wrong\.$/,
  ],
  [
    'a night that runs',
    async () => claim(new NightDirectory(staged.config.directory).lock),
    6,
    /^Another night runs in .* \(process \d+ on /,
  ],
])('%s has the exit code of the night', async (_what, prepare, exitCode, message) => {
  const release = await prepare();
  await expect(check()).rejects.toMatchObject({ exitCode, message: expect.stringMatching(message) });
  if (typeof release === 'function') release();
});

import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandError } from '../../errors.ts';
import { DeadlineReached } from './errors.ts';
import {
  failSmoke,
  fullDisk,
  once,
  problem,
  raise,
  stage,
  unreachable,
  writePackage,
  type Staged,
} from './night.fixture.ts';
import { stepNames } from './types.ts';

let staged: Staged;
beforeEach(async () => {
  staged = await stage();
});
afterEach(() => staged.remove());

const version = '0.1.2026112401';
const serving = () => staged.registry.now().champion.version;
describe('a night', () => {
  it('promotes a better challenger, tests it over HTTP, and says so', async () => {
    const end = await staged.run();
    expect(end).toEqual({
      outcome: 'promoted',
      exitCode: 0,
      ended: true,
      reason: expect.stringMatching(
        /^Better by the margin on every metric of the gate: voi 1\.000 -> 0\.5000 \(\+50\.00 %, needed \+1\.00 %\)\. The reference volume was segmented by sha256:\w{12} with a VOI of 0\.0000, the limit is 0\.5\.$/,
      ),
    });
    expect(staged.registry.state.moves).toEqual([`challenge ${version}`, `promote ${version}`]);
    expect(staged.registry.now()).toMatchObject({ champion: { version }, previous: { version: '0.1.0' } });
    const report = await staged.latest();
    expect(report).toMatchObject({
      ...{ night: '2026-11-24-1', outcome: 'promoted', exitCode: 0, resumable: false },
      ...{ champion: { version: '0.1.0' }, challenger: { version }, serving: { version } },
      smoke: { passed: true, sameAsHere: true, voi: 0 },
      annotations: { fresh: ['key-1', 'key-2'] },
      comparison: { pooled: { challenger: { voi: 0.5 } } },
    });
    expect(report.steps.map(({ step }) => step)).toEqual(stepNames.slice(0, -1));
    expect(staged.told).toEqual(stepNames.slice(0, -1));
  });

  it('keeps a worse one as challenger', async () => {
    staged.voi = 2;
    expect(await staged.run()).toMatchObject({ outcome: 'kept', exitCode: 0 });
    expect(staged.registry.now()).toMatchObject({ champion: { version: '0.1.0' }, challenger: { version } });
    expect(staged.registry.state.moves).toEqual([`challenge ${version}`]);
  });

  it('does nothing, and asks no registry, when nothing is new', async () => {
    staged.voi = 2;
    await staged.run();
    staged.points.length = 0;
    const end = await staged.run();
    expect(end).toMatchObject({ outcome: 'nothing-new', exitCode: 0 });
    expect(end.reason).toBe(
      'No annotation to train on is new (2 were used before), so nothing was trained; add some with `npx tokenunify annotate`.',
    );
    expect(staged.points.filter((point) => !/write|Report|latest|Manifest/.test(point))).toEqual([]);
    expect(await staged.latest()).toMatchObject({ night: '2026-11-24-2', outcome: 'nothing-new' });
    // what was held out and is trained on now is new, and makes a new version
    staged.annotations[2] = { ...staged.annotations[2]!, split: 'train' };
    staged.annotations.push({ ...staged.annotations[2]!, number: 4, key: 'key-4', split: 'held-out' });
    staged.voi = 0.5;
    expect(await staged.run()).toMatchObject({ outcome: 'promoted' });
    expect(serving()).toBe('0.1.2026112403');
  });

  it('rolls back what fails its smoke test, and sees the old champion answer', async () => {
    failSmoke(staged);
    const end = await staged.run();
    expect(end).toMatchObject({ outcome: 'rolled-back', exitCode: 4 });
    expect(end.reason).toMatch(/with a VOI of \d\.\d+, the limit is 0\.5 \(smokeTest\.maximumVoi\)\.$/);
    expect(staged.registry.state.moves.slice(1)).toEqual([`promote ${version}`, `rollback ${version}`]);
    expect(await staged.latest()).toMatchObject({
      serving: { version: '0.1.0' },
      smoke: { passed: false },
    });
    expect(await staged.run()).toMatchObject({ outcome: 'nothing-new' });
  });

  it('rolls back when the champion does not answer for as long as the smoke test waits', async () => {
    staged.at = (point) => {
      if (point === 'before segment' && serving() === version) throw unreachable();
    };
    const end = await staged.run();
    expect(end).toMatchObject({ outcome: 'rolled-back', exitCode: 4 });
    expect(end.reason).toContain('did not segment the reference volume');
    expect(serving()).toBe('0.1.0');
  });

  it('rolls back when another version than the promoted one answers, and says when the old one is not seen to', async () => {
    once(staged, 'after promoteModel', () => void (staged.registry.answersAs = 'sha256:other'));
    const end = await staged.run();
    expect(end).toMatchObject({ outcome: 'rolled-back' });
    expect(end.reason).toContain('was segmented by sha256:other instead of');
    expect(end.reason).toContain(', but sha256:other answered the reference volume.');
  });

  it('promotes the old champion again where the history of the server leads elsewhere', async () => {
    failSmoke(staged);
    once(staged, 'after promoteModel', () => {
      staged.registry.state = { ...staged.registry.state, before: [] };
    });
    expect(await staged.run()).toMatchObject({ outcome: 'rolled-back' });
    expect(staged.registry.state.moves.at(-1)).toBe('promote 0.1.0');
  });

  it('only notes that labels are not those of this machine', async () => {
    staged.tools.segmentHere = async () => Uint32Array.of(1, 1, 1, 1, 1, 1, 1, 2);
    expect(await staged.run()).toMatchObject({ outcome: 'promoted' });
    expect(await staged.latest()).toMatchObject({ smoke: { sameAsHere: false } });
    expect((await staged.latest()).notes.join()).toContain('differ from those of this machine');
  });
});

describe('what changed meanwhile', () => {
  const third = async () => {
    const model = await staged.registry.add(
      await writePackage(join(staged.path, 'third'), { version: '0.2.0', bytes: 3 }),
    );
    staged.registry.promote(model.digest);
  };

  it.each(['before trainChallenger', 'before uploadModel', 'before promoteModel', 'before challengeModel'])(
    'another champion (%s): nothing is promoted, and the next night starts over',
    async (point) => {
      once(staged, point, third);
      const end = await staged.run();
      expect(end).toMatchObject({ outcome: 'failed', exitCode: 1, ended: true });
      expect(end.reason).toMatch(
        /^The champion changed from TokenUnify test 0\.1\.0 \(sha256:\w{12}\) to TokenUnify test 0\.2\.0 \(sha256:\w{12}\) while the night ran, so nothing was promoted;/,
      );
      expect(serving()).toBe('0.2.0');
      expect(await staged.latest()).toMatchObject({ serving: { version: '0.2.0' } });
      expect(await staged.run()).toMatchObject({ outcome: 'promoted' });
      expect(serving()).toBe('0.2.2026112402');
    },
  );

  it('another champion while the smoke test ran: theirs is not rolled back', async () => {
    failSmoke(staged);
    once(staged, 'after promoteModel', third);
    const end = await staged.run();
    expect(end).toMatchObject({ outcome: 'failed', exitCode: 1, ended: true });
    expect(end.reason).toContain('is champion by now, so nothing was rolled back');
    expect(serving()).toBe('0.2.0');
  });

  it('the person in charge rolled back after a kill: nothing is promoted again', async () => {
    let restore: (() => Promise<void>) | undefined;
    once(staged, 'after promoteModel', async () => void (restore = await staged.snapshot()));
    await staged.run();
    await restore?.();
    await staged.registry.rollBack();
    const { moves } = staged.registry.state;
    expect(await staged.run()).toMatchObject({ outcome: 'rolled-back', exitCode: 4, ended: true });
    expect(staged.registry.state.moves).toEqual(moves);
    expect(await staged.latest()).toMatchObject({ serving: { version: '0.1.0' } });
  });

  it.each<[string, () => void | Promise<void>]>([
    ['the settings', () => void Object.assign(staged.config.training, { steps: 4 })],
    ['the champion', third],
  ])('%s, after a kill: the night is given up, said so, and a new one begins', async (what, change) => {
    let restore: (() => Promise<void>) | undefined;
    once(staged, 'after compareModels', async () => void (restore = await staged.snapshot()));
    await staged.run();
    await restore?.();
    await change();
    expect(await staged.run()).toMatchObject({ outcome: 'promoted' });
    expect((await staged.night()).end).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining(`${what} changed since night 2026-11-24-1 began`.slice(1)),
    });
    expect((await staged.night('2026-11-24-2')).end).toMatchObject({ outcome: 'promoted' });
  });
});

describe('annotations that change while a night runs', () => {
  it('end it before they decide, and it goes on when they are mended', async () => {
    const wrong = new CommandError('trainer/manifest', 'Entry 3 has another checksum.');
    once(staged, 'after exportChallenger', () => once(staged, 'before readManifest', raise(wrong)));
    expect(await staged.run()).toMatchObject({ exitCode: 2, ended: false, reason: wrong.message });
    expect(staged.points).not.toContain('before compareModels');
    expect(serving()).toBe('0.1.0');
    expect(await staged.run()).toMatchObject({ outcome: 'promoted' });
  });

  it('and are not in the manifest any more: the night is given up, and a new one begins', async () => {
    const removed = () => void Object.assign(staged, { annotations: staged.annotations.slice(1) });
    once(staged, 'after exportChallenger', removed);
    expect(await staged.run()).toMatchObject({ outcome: 'promoted' });
    expect((await staged.night('2026-11-24-1')).end).toMatchObject({
      outcome: 'failed',
      reason: expect.stringMatching(/^Annotations of night 2026-11-24-1 are not in the manifest any more/),
    });
    expect((await staged.night('2026-11-24-2')).annotations).toHaveLength(2);
  });

  it('too small for the crops are exit code 2 before anything is trained', async () => {
    Object.assign(staged.config.training, { crop: [16, 24, 16] });
    const end = await staged.run();
    expect(end).toMatchObject({ exitCode: 2 });
    expect(end.reason).toMatch(
      /^Entry 1 of the manifest .* 16 x 16 x 16 voxels, but crops .* need (16|24) x 24 x 24;/,
    );
    expect(staged.points).not.toContain('before deployment');
  });
});

describe('a smoke test that is owed', () => {
  it('is owed to the server of the promotion: with another one nothing is done, and it is not lost', async () => {
    let restore: (() => Promise<void>) | undefined;
    once(staged, 'after promoteModel', async () => void (restore = await staged.snapshot()));
    await staged.run();
    await restore?.();
    Object.assign(staged.config.server, { url: 'http://other.test' });
    const end = await staged.run();
    expect(end).toMatchObject({ exitCode: 2, ended: false });
    expect(end.reason).toMatch(/promoted .* on http:\/\/registry\.test and owes it a smoke test/);
    Object.assign(staged.config.server, { url: 'http://registry.test' });
    expect(await staged.run()).toMatchObject({ outcome: 'promoted' });
  });

  it('fails when the server takes the volume and never answers', async () => {
    Object.assign(staged.config.smokeTest, { timeoutSeconds: 1 });
    const { registry } = staged;
    const answer = registry.segment.bind(registry);
    let silent = false;
    once(staged, 'after promoteModel', () => void (silent = true));
    Object.assign(registry, {
      segment: (npy: Uint8Array, options: { readonly signal: AbortSignal }) => {
        if (!silent) return answer(npy);
        silent = false;
        return new Promise((_, reject) => {
          options.signal.addEventListener('abort', () => reject(options.signal.reason));
        });
      },
    });
    const end = await staged.run();
    expect(end).toMatchObject({ outcome: 'rolled-back', exitCode: 4 });
    expect(end.reason).toContain('did not answer within 1 s (smokeTest.timeoutSeconds)');
    expect(serving()).toBe('0.1.0');
  });
});

describe('the registry', () => {
  it('that cannot be reached at the beginning ends the night before any training', async () => {
    staged.at = (point) => {
      if (point === 'before deployment') throw unreachable();
    };
    const end = await staged.run();
    expect(end).toMatchObject({ outcome: 'failed', exitCode: 3 });
    expect(end.reason).toMatch(
      /^The registry at http:\/\/registry\.test was not reached: GET .* got no answer .* Start it or mend server\.url, then run the same command again\.$/,
    );
    expect(staged.points).not.toContain('before trainChallenger');
    staged.at = () => undefined;
    expect(await staged.run()).toMatchObject({ outcome: 'promoted' });
  });

  it.each(['deployment', 'uploadModel', 'challengeModel', 'promoteModel'])(
    'that is lost in the middle (%s) is waited for, then the night can be gone on with',
    async (call) => {
      staged.at = (point) => {
        if (point === `before ${call}` && staged.points.includes('after compareModels')) throw unreachable();
      };
      expect(await staged.run()).toMatchObject({ outcome: 'failed', exitCode: 3, ended: false });
      expect(staged.points.filter((point) => point === `before ${call}`).length).toBeGreaterThan(3);
      expect(await staged.latest()).toMatchObject({ resumable: true });
      expect(serving()).toBe('0.1.0');
      staged.at = () => undefined;
      staged.points.length = 0;
      expect(await staged.run()).toMatchObject({ outcome: 'promoted' });
      expect(staged.points).not.toContain('before trainChallenger');
    },
  );

  it('whose answers are lost has done what it was asked, once', async () => {
    const lost = new Set<string>();
    staged.at = (point) => {
      const counts = /^after (uploadModel|challengeModel|promoteModel|rollBack)$/.test(point);
      if (!counts || lost.has(point)) return;
      lost.add(point);
      throw unreachable();
    };
    failSmoke(staged);
    expect(await staged.run()).toMatchObject({ outcome: 'rolled-back' });
    expect(lost.size).toBe(4);
    expect(staged.registry.state.moves).toEqual([
      `challenge ${version}`,
      `promote ${version}`,
      `rollback ${version}`,
    ]);
  });

  it('that is lost before the roll back: the next call rolls back, and tests nothing again', async () => {
    failSmoke(staged);
    staged.at = (point) => {
      if (point === 'before rollBack') throw unreachable();
    };
    expect(await staged.run()).toMatchObject({ outcome: 'failed', exitCode: 3, ended: false });
    expect(serving()).toBe(version);
    staged.at = () => undefined;
    expect(await staged.run()).toMatchObject({ outcome: 'rolled-back', exitCode: 4 });
    expect(serving()).toBe('0.1.0');
  });

  it.each([
    [422, 'package-invalid'],
    [422, 'model-failed-test'],
    [409, 'version-taken'],
    [413, 'body-too-large'],
  ])('that refuses the package (%d %s): refused, the champion serves', async (status, code) => {
    staged.at = (point) => {
      if (point === 'before uploadModel') throw problem(status, code);
    };
    expect(await staged.run()).toMatchObject({
      ...{ outcome: 'refused', exitCode: 1, ended: true },
      reason: `The server refuses the challenger: It is ${code}.`,
    });
    expect(staged.registry.state.moves).toEqual([]);
  });

  it('that cannot load the package refuses it, and no smoke test is owed', async () => {
    once(staged, 'before promoteModel', raise(problem(500, 'inference-failed')));
    expect(await staged.run()).toMatchObject({ outcome: 'refused', exitCode: 1, ended: true });
    expect(serving()).toBe('0.1.0');
  });

  it('that fails after it has promoted is not believed: the smoke test follows', async () => {
    once(staged, 'after promoteModel', raise(problem(500, 'internal')));
    expect(await staged.run()).toMatchObject({ outcome: 'promoted' });
  });

  it('without room says so; the night can be gone on with', async () => {
    once(staged, 'before uploadModel', raise(problem(507, 'insufficient-storage')));
    const end = await staged.run();
    expect(end).toMatchObject({ outcome: 'failed', exitCode: 1, ended: false });
    expect(end.reason).toContain('has no room for the challenger');
    expect(await staged.run()).toMatchObject({ outcome: 'promoted' });
  });

  it('that refuses the key is told with the scopes that it needs', async () => {
    once(staged, 'before deployment', raise(problem(403, 'forbidden')));
    const end = await staged.run();
    expect(end).toMatchObject({ outcome: 'failed', exitCode: 2 });
    expect(end.reason).toContain('models:write');
  });

  it('that gives other bytes than its digest says: nothing is trained on them', async () => {
    await writeFile(join(staged.registry.path(staged.registry.state.champion), 'rdf.yaml'), 'name: other\n');
    const end = await staged.run();
    expect(end).toMatchObject({ outcome: 'failed', exitCode: 1 });
    expect(staged.points).not.toContain('before trainChallenger');
  });

  it('whose champion has no checkpoint: said, with the remedy', async () => {
    const bare = await writePackage(join(staged.path, 'bare'), {
      version: '0.0.9',
      bytes: 4,
      checkpoint: false,
    });
    staged.registry.promote((await staged.registry.add(bare)).digest);
    expect((await staged.run()).reason).toMatch(
      /^The champion TokenUnify test 0\.0\.9 .* has no checkpoint to go on from; export it again/,
    );
  });
});

describe('bad input', () => {
  it('a wrong manifest is exit code 2, and asks no registry', async () => {
    const message = 'Entry 2 (raw.npy) of annotations.json cannot be used: raw.npy does not exist.';
    once(staged, 'before readManifest', raise(new CommandError('trainer/manifest', message)));
    expect(await staged.run()).toMatchObject({
      outcome: 'failed',
      exitCode: 2,
      ended: true,
      reason: message,
    });
    expect(staged.points).not.toContain('before deployment');
    expect(await staged.latest()).toMatchObject({ outcome: 'failed', reason: message });
    expect(await staged.run()).toMatchObject({ outcome: 'promoted' });
  });

  it('a reference volume that is not there is exit code 2', async () => {
    await rm(staged.config.smokeTest.expected);
    const end = await staged.run();
    expect(end).toMatchObject({ outcome: 'failed', exitCode: 2 });
    expect(end.reason).toMatch(/smokeTest\.expected .*expected\.npy cannot be read/);
  });

  it('a reference volume that the server does not take is found before any training', async () => {
    once(staged, 'before segment', raise(problem(413, 'volume-too-large')));
    const end = await staged.run();
    expect(end).toMatchObject({ outcome: 'failed', exitCode: 2 });
    expect(end.reason).toContain('the server does not take smokeTest.raw');
    expect(staged.points).not.toContain('before trainChallenger');
  });

  it('an export that fails, or whose package is damaged, is refused', async () => {
    once(staged, 'before exportChallenger', raise(new Error('differs from the trained one')));
    expect(await staged.run()).toMatchObject({
      ...{ outcome: 'refused', exitCode: 1 },
      reason: 'The export was refused: differs from the trained one',
    });
    const night = join(staged.config.directory, 'nights/2026-11-24-2');
    once(staged, 'before compareModels', () => writeFile(join(night, 'package/model.onnx'), 'broken'));
    const end = await staged.run();
    expect(end).toMatchObject({ outcome: 'refused', exitCode: 1 });
    expect(end.reason).toMatch(
      /^The challenger is refused: .*model\.onnx is not the file that rdf\.yaml describes/,
    );
    expect(serving()).toBe('0.1.0');
  });

  it('a comparison that is not a number promotes nothing', async () => {
    staged.voi = NaN;
    expect(await staged.run()).toMatchObject({ outcome: 'kept', exitCode: 0 });
    expect(serving()).toBe('0.1.0');
  });
});

it('a report that cannot be drawn is plain, and the night ends all the same', async () => {
  staged.tools.writeReport = raise(new Error('no <ink>'));
  expect(await staged.run()).toMatchObject({ outcome: 'promoted', ended: true });
  expect(await staged.latest()).toMatchObject({
    outcome: 'promoted',
    notes: [
      'Night 2026-11-24-1 begins.',
      expect.stringContaining('Uploading'),
      'The report could not be drawn: no <ink>',
    ],
  });
  expect(await readFile(join(staged.config.directory, 'latest.html'), 'utf8')).toContain('no &#60;ink>');
});

describe('a full disk', () => {
  it.each([
    ...['before trainChallenger', 'before exportChallenger', 'before compareModels', 'before readManifest'],
  ])(
    '%s: nothing is promoted, the message names directory and remedy, and the night can be gone on with',
    async (point) => {
      once(staged, point, raise(fullDisk()));
      const end = await staged.run();
      expect(end).toMatchObject({ outcome: 'failed', exitCode: 1, ended: false });
      expect(end.reason).toBe(
        `There is no room left in ${staged.config.directory} (ENOSPC: no space left on device, write); free some, and run the same command again to go on. Nothing was promoted, and the champion keeps serving.`,
      );
      expect(serving()).toBe('0.1.0');
      expect(await staged.run()).toMatchObject({ outcome: 'promoted' });
    },
  );

  it('after a promotion that fails its smoke test still rolls back', async () => {
    failSmoke(staged);
    let filled = false;
    staged.at = (point) => {
      if (point === 'after promoteModel') filled = true;
      if (filled && /^before (write|seen|latest|writeReport)$/.test(point)) throw fullDisk();
    };
    expect(await staged.run()).toMatchObject({ outcome: 'failed', exitCode: 1 });
    expect(serving()).toBe('0.1.0');
    // and with room again it is not promoted a second time
    staged.at = () => undefined;
    const { moves } = staged.registry.state;
    const end = await staged.run();
    expect(end).toMatchObject({ outcome: 'rolled-back', exitCode: 4, ended: true });
    expect(end.reason).toContain('so it is not promoted again');
    expect(staged.registry.state.moves).toEqual(moves);
    expect(await staged.run()).toMatchObject({ outcome: 'nothing-new' });
  });
});

describe('time and signals', () => {
  const before = stepNames.slice(0, stepNames.indexOf('promote'));
  it.each(['trainChallenger', 'exportChallenger', 'compareModels', 'uploadModel', 'challengeModel'])(
    'the deadline during %s: exit code 5, nothing promoted, gone on with by the next call',
    async (call) => {
      const deadline = new AbortController();
      once(staged, `before ${call}`, () => deadline.abort(new DeadlineReached('over')));
      const end = await staged.run({ deadline: deadline.signal });
      expect(end).toMatchObject({ outcome: 'deadline', exitCode: 5, ended: false });
      expect(end.reason).toContain('so nothing was promoted; run the same command again to go on.');
      expect(await staged.latest()).toMatchObject({ outcome: 'deadline', resumable: true });
      expect(serving()).toBe('0.1.0');
      const { steps } = await staged.night();
      expect(before).toEqual(expect.arrayContaining(steps.map(({ step }) => step)));
      expect(await staged.run()).toMatchObject({ outcome: 'promoted' });
    },
  );

  it.each(['promoteModel', 'segment'])('the deadline during %s does not stop what is owed', async (call) => {
    const deadline = new AbortController();
    staged.at = (point) => {
      if (point === `before ${call}` && staged.points.includes('after challengeModel'))
        deadline.abort(new DeadlineReached('over'));
    };
    expect(await staged.run({ deadline: deadline.signal })).toMatchObject({ outcome: 'promoted' });
  });

  it.each(['trainChallenger', 'promoteModel', 'segment'])(
    'Ctrl-C during %s ends with its reason, and the next call goes on',
    async (call) => {
      const controller = new AbortController();
      const reason = new Error('interrupted');
      staged.at = (point) => {
        const late = staged.points.includes('after challengeModel') || call === 'trainChallenger';
        if (point === `before ${call}` && late) {
          controller.abort(reason);
          throw reason;
        }
      };
      await expect(staged.run({ signal: controller.signal })).rejects.toBe(reason);
      expect(staged.notes.at(-1)).toContain('run the same command again');
      staged.at = () => undefined;
      expect(await staged.run()).toMatchObject({ outcome: 'promoted' });
      expect(staged.registry.state.moves).toEqual([`challenge ${version}`, `promote ${version}`]);
    },
  );
});

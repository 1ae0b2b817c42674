import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { by, codeOf, never, openRegistry, type TestRegistry } from './testing.fixture.ts';

let test: TestRegistry;
let a: string;
beforeEach(async () => {
  test = await openRegistry();
  a = test.registry.deployment().champion.digest;
});
afterEach(() => test[Symbol.asyncDispose]());

const promote = (reference: string, change: { expected?: string; reason?: string } = {}) =>
  test.registry.promote(reference, { ...by, ...change }, never);
const challenge = (reference: string, expected?: string) =>
  test.registry.challenge(reference, { ...by, ...(expected !== undefined && { expected }) }, never);
const rollBack = (expected?: string) =>
  test.registry.rollBack({ ...by, ...(expected !== undefined && { expected }) }, never);
const champion = () => test.registry.deployment().champion.version;
const changes = () =>
  test.registry
    .deployment()
    .history.map(({ kind, alias, from, to }) => [kind, alias, from?.version, to?.version].join(' '));

describe('the champion', () => {
  it('is the first package that a server is started with, loaded before the first request', async () => {
    expect(test.registry.deployment()).toEqual({
      champion: { digest: a, name: 'Tiny network', version: '1.0.0' },
      canaryPercent: 0,
      shadowPercent: 0,
      history: [
        {
          ...{ at: expect.any(String), kind: 'start', alias: 'champion', by: 'server' },
          to: { digest: a, name: 'Tiny network', version: '1.0.0' },
        },
      ],
    });
    expect(test.processes.versions()).toEqual(['1.0.0']);
    expect(test.notices).toEqual([]);
  });

  it('is replaced by one that is loaded before, and closes when nobody holds it', async () => {
    const b = await test.upload('2.0.0');
    const old = await test.registry.acquire('champion', never);
    let whileStarting = '';
    test.processes.before = async () => void (whileStarting = champion());
    const deployment = await promote(b, { reason: 'better' });
    expect(whileStarting).toBe('1.0.0');
    expect(deployment).toMatchObject({
      champion: { version: '2.0.0' },
      previous: { version: '1.0.0' },
      history: [{ kind: 'promote', by: 'tests', reason: 'better' }, { kind: 'start' }],
    });
    expect(test.processes.versions(), 'a request still holds the old one').toEqual(['1.0.0', '2.0.0']);
    const next = await test.registry.acquire('champion', never);
    expect([old.package.version, next.package.version]).toEqual(['1.0.0', '2.0.0']);
    old.release();
    await until(() => test.processes.versions().join() === '2.0.0');
    next.release();
  });

  it('stays when the next one does not start', async () => {
    const b = await test.upload('2.0.0');
    test.processes.before = async () => {
      throw new Error('no memory');
    };
    expect(await codeOf(() => promote(b))).toBe('inference-failed');
    expect(champion()).toBe('1.0.0');
    expect(changes()).toEqual(['start champion  1.0.0']);
  });

  it('stays when who asked has gone before the next one was loaded', async () => {
    const b = await test.upload('2.0.0');
    const controller = new AbortController();
    test.processes.before = async () => controller.abort(new Error('gone'));
    expect(await codeOf(() => test.registry.promote(b, by, controller.signal))).toBe('Error: gone');
    expect(champion()).toBe('1.0.0');
  });

  it('stays when it is promoted again, whatever was expected', async () => {
    expect(await promote(a, { expected: 'sha256:other' })).toMatchObject({ champion: { digest: a } });
    expect(changes()).toHaveLength(1);
  });

  it('stays when another one was expected', async () => {
    const [b, c] = [await test.upload('2.0.0'), await test.upload('3.0.0')];
    await promote(b, { expected: a });
    await expect(promote(c, { expected: a })).rejects.toMatchObject({
      code: 'alias-moved',
      message: expect.stringContaining('Tiny network 2.0.0'),
    });
    expect(champion()).toBe('2.0.0');
  });

  it('is not challenger, and is challenger no more when it is promoted', async () => {
    expect(await codeOf(() => challenge('champion'))).toBe('model-in-use');
    const b = await test.upload('2.0.0');
    await challenge(b, a);
    expect(test.registry.get('challenger').aliases).toEqual(['challenger']);
    await promote('challenger');
    expect(test.registry.deployment().challenger).toBeUndefined();
    expect(await codeOf(() => test.registry.get('challenger'))).toBe('model-not-found');
    expect(test.registry.get(a).aliases).toEqual([]);
  });

  it('moves with all its requests at once, however many ask', async () => {
    const [b, c] = [await test.upload('2.0.0'), await test.upload('3.0.0')];
    const answers = await Promise.all([promote(b), promote(c), promote(a), promote(c)]);
    expect(answers.map(({ champion: { version } }) => version)).toEqual(['2.0.0', '3.0.0', '1.0.0', '3.0.0']);
    await until(() => test.processes.versions().join() === '3.0.0');
  });
});

describe('a roll back', () => {
  it('goes back one champion at a time, until there is none before', async () => {
    for (const version of ['2.0.0', '3.0.0']) await promote(await test.upload(version));
    expect(await rollBack()).toMatchObject({
      champion: { version: '2.0.0' },
      previous: { version: '1.0.0' },
    });
    expect(await rollBack()).toMatchObject({ champion: { version: '1.0.0' } });
    await expect(rollBack()).rejects.toMatchObject({ code: 'no-previous-champion' });
    expect(changes()).toEqual([
      'rollback champion 2.0.0 1.0.0',
      'rollback champion 3.0.0 2.0.0',
      'promote champion 2.0.0 3.0.0',
      'promote champion 1.0.0 2.0.0',
      'start champion  1.0.0',
    ]);
  });

  it('forgets who was rolled back', async () => {
    const [b, c] = [await test.upload('2.0.0'), await test.upload('3.0.0')];
    await promote(b);
    await rollBack();
    await promote(c);
    expect(test.registry.deployment().previous?.version).toBe('1.0.0');
    expect(test.registry.get(b).aliases).toEqual([]);
  });

  it('passes over versions that are retired', async () => {
    const [b, c] = [await test.upload('2.0.0'), await test.upload('3.0.0')];
    await promote(b);
    await promote(c);
    await test.registry.retire(b);
    expect(test.registry.deployment().previous?.version).toBe('1.0.0');
    expect((await rollBack(c)).champion.version).toBe('1.0.0');
  });

  it('is done once when it is sent twice, and refused when another champion was expected', async () => {
    const [b, c] = [await test.upload('2.0.0'), await test.upload('3.0.0')];
    await promote(b);
    await promote(c);
    expect((await rollBack(c)).champion.version).toBe('2.0.0');
    expect((await rollBack(c)).champion.version).toBe('2.0.0');
    expect(await codeOf(() => rollBack(a))).toBe('alias-moved');
  });
});

describe('the challenger', () => {
  it('gets the share of the canary, and that of shadow runs', async () => {
    await challenge(await test.upload('2.0.0'));
    await test.registry.change({ ...by, canaryPercent: 25, shadowPercent: 50 });
    const { registry } = test;
    expect(registry.choose(() => 0.24)).toMatchObject({ alias: 'challenger', package: { version: '2.0.0' } });
    expect(registry.choose(() => 0.25)).toMatchObject({ alias: 'champion', package: { version: '1.0.0' } });
    expect(registry.shadow(() => 0.49)?.package.version).toBe('2.0.0');
    expect(registry.shadow(() => 0.5)).toBeUndefined();
    await registry.change({ ...by, challenger: null });
    expect(registry.choose(() => 0).alias).toBe('champion');
    expect(registry.shadow(() => 0)).toBeUndefined();
    expect(registry.deployment()).toMatchObject({
      canaryPercent: 0,
      shadowPercent: 50,
      history: [{ kind: 'clear' }, {}, {}],
    });
  });

  it('does no job that was meant for the challenger before it', async () => {
    const [b, c] = [await test.upload('2.0.0'), await test.upload('3.0.0')];
    await challenge(b);
    await test.registry.change({ ...by, canaryPercent: 100, shadowPercent: 50 });
    await challenge(b);
    expect(test.registry.choose(() => 0.99).alias).toBe('challenger');
    await challenge(c);
    expect(test.registry.choose(() => 0).alias).toBe('champion');
    await test.registry.change({ ...by, canaryPercent: 100 });
    await promote(c);
    expect(test.registry.deployment()).toMatchObject({ canaryPercent: 0, shadowPercent: 50 });
  });

  it('is loaded as long as it has work, and before it gets any', async () => {
    const b = await test.upload('2.0.0');
    await challenge(b);
    expect(test.processes.versions()).toEqual(['1.0.0']);
    await test.registry.change({ ...by, shadowPercent: 5 });
    expect(test.processes.versions()).toEqual(['1.0.0', '2.0.0']);
    test.timers.pass(1e9);
    expect(test.processes.versions()).toEqual(['1.0.0', '2.0.0']);
    await challenge(await test.upload('3.0.0'));
    await until(() => test.processes.versions().join() === '1.0.0,3.0.0');
    await test.registry.change({ ...by, shadowPercent: 0 });
    test.timers.pass(1e9);
    await until(() => test.processes.versions().join() === '1.0.0');
  });

  it('gets no work when it does not start', async () => {
    await challenge(await test.upload('2.0.0'));
    test.processes.before = async () => {
      throw new Error('no memory');
    };
    expect(await codeOf(() => test.registry.change({ ...by, canaryPercent: 5 }))).toBe('inference-failed');
    expect(test.registry.deployment().canaryPercent).toBe(0);
  });
});

describe('references', () => {
  it('are digests, aliases, and names that only one version has or the champion', async () => {
    const { registry } = test;
    const b = await test.upload('2.0.0');
    const c = await test.upload('1.0.0', { name: 'Another network' });
    expect(registry.resolve(b)).toEqual({ package: expect.objectContaining({ version: '2.0.0' }) });
    expect(registry.resolve('champion')).toMatchObject({ alias: 'champion', package: { digest: a } });
    expect(registry.resolve('Tiny network').package.digest).toBe(a);
    expect(registry.resolve('Another network').package.digest).toBe(c);
    await promote(c);
    await expect(codeOf(() => registry.resolve('Tiny network'))).resolves.toBe('unknown-model');
    expect(() => registry.resolve('Tiny network')).toThrow(`${a} and ${b} are called so`);
    for (const reference of ['challenger', 'sha256:00', '', 'x'.repeat(1000)])
      expect(await codeOf(() => registry.resolve(reference))).toBe('unknown-model');
    expect(await codeOf(() => registry.acquire('nobody', never))).toBe('unknown-model');
  });
});

describe('a version', () => {
  it('is listed, newest first, page by page and by its state', async () => {
    const [b, c] = [await test.upload('2.0.0'), await test.upload('3.0.0')];
    await test.registry.retire(b);
    const { registry } = test;
    const first = registry.list({ limit: 2 });
    expect(first.items.map(({ version }) => version)).toEqual(['3.0.0', '2.0.0']);
    expect(registry.list({ limit: 2, cursor: first.next }).items.map(({ digest }) => digest)).toEqual([a]);
    expect(registry.list({ state: 'retired' }).items.map(({ digest }) => digest)).toEqual([b]);
    expect(registry.list({ state: 'ready' }).items.map(({ digest }) => digest)).toEqual([c, a]);
    expect(await codeOf(() => registry.list({ cursor: 'x' }))).toBe('invalid-parameter');
  });

  it('shows its files, which can be read, and no others', async () => {
    const { files, bytes, loaded, state } = test.registry.get(a);
    expect([loaded, state]).toEqual([true, 'ready']);
    expect(files.map(({ name }) => name).sort()).toEqual([
      ...['README.md', 'model.onnx', 'rdf.yaml', 'test-input.npy', 'test-output.npy'],
    ]);
    expect(files.reduce((sum, file) => sum + file.bytes, 0)).toBe(bytes);
    expect(test.registry.file('champion', 'rdf.yaml')).toMatchObject({ sha256: a.replace('sha256:', '') });
    expect(await codeOf(() => test.registry.file(a, '../../state.sqlite'))).toBe('model-file-not-found');
  });

  it('is retired when nothing needs it, takes no more work then, and is deleted only then', async () => {
    const { registry } = test;
    const b = await test.upload('2.0.0');
    expect(await codeOf(() => registry.retire(a))).toBe('model-in-use');
    await challenge(b);
    expect(await codeOf(() => registry.retire(b))).toBe('model-in-use');
    expect(await codeOf(() => registry.delete(b))).toBe('model-in-use');
    await registry.change({ ...by, challenger: null });
    expect(await registry.retire(b)).toMatchObject({ state: 'retired', retiredAt: expect.any(String) });
    expect(await registry.retire(b)).toMatchObject({ state: 'retired' });
    for (const work of [() => registry.resolve(b), () => registry.acquire(b, never), () => promote(b)])
      expect(await codeOf(work)).toBe('model-retired');
    await registry.delete(b);
    await registry.delete(b);
    expect(registry.get(b)).toMatchObject({ bytes: 0, files: [] });
    expect(await codeOf(() => registry.file(b, 'rdf.yaml'))).toBe('model-file-not-found');
    expect(await codeOf(() => registry.delete('nobody'))).toBe('model-not-found');
  });

  it('is not retired while a job needs it, unless that only agglomerates again or nobody waits for it', async () => {
    const b = await test.upload('2.0.0');
    const insert = test.db.prepare(
      `insert into segmentations (id, owner, parent, state, request, spec, model, created_at, queued_at, shadow_of)
       values (?, 'x', ?, ?, '{}', '{}', ?, 0, 0, ?)`,
    );
    const model = JSON.stringify({ digest: b });
    insert.run('relabel', 'parent', 'queued', model, null);
    insert.run('done', null, 'succeeded', model, null);
    insert.run('shadow', null, 'queued', model, 'job');
    insert.run('job', null, 'running', model, null);
    await expect(test.registry.retire(b)).rejects.toMatchObject({
      code: 'model-in-use',
      message: expect.stringMatching(/segmentation job has not finished/),
    });
    test.db.prepare("update segmentations set state = 'canceled' where id = 'job'").run();
    expect(await test.registry.retire(b)).toMatchObject({ state: 'retired' });
  });

  it('keeps its files while a request is answered by it', async () => {
    const b = await test.upload('2.0.0');
    const lease = await test.registry.acquire(b, never);
    await test.registry.retire(b);
    expect(await codeOf(() => test.registry.delete(b))).toBe('model-in-use');
    lease.release();
    await test.registry.delete(b);
  });
});

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(condition()).toBe(true);
}

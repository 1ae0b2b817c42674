/**
 * Every change of a registry, cut off before each of its steps on the disk and in the database in turn: what died cleans
 * nothing up. The next start finds what was before, or what would have been after.
 */
import * as promises from 'node:fs/promises';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import type { PackageFiles } from './packages.ts';
import type { LocalModelRegistry } from './registry.ts';
import { bodyOf, by, never, openRegistry, writeTinyPackage, type TestRegistry } from './testing.fixture.ts';

let test: TestRegistry;
afterEach(() => test[Symbol.asyncDispose]());

/** A process that is killed before its nth step; from then on it does nothing more. */
class Power {
  steps = 0;
  readonly #dies: number;

  constructor(dies: number) {
    this.#dies = dies;
  }

  get dead(): boolean {
    return this.steps >= this.#dies;
  }

  /** The same object, whose methods named are steps. */
  feed<T extends object>(target: T, steps: readonly (keyof T)[], inside?: (result: unknown) => unknown): T {
    return new Proxy(target, {
      get: (_, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => {
          if (steps.includes(name as keyof T)) this.#step(); // any name may be asked for
          const result: unknown = Reflect.apply(member, target, args);
          return inside ? inside(result) : result;
        };
      },
    });
  }

  #step(): void {
    if (!this.dead) this.steps++;
    if (this.dead) throw new Error('killed');
  }
}

const files: PackageFiles = { ...promises };
const statement = (power: Power) => (result: unknown) =>
  typeof result === 'object' && result !== null ? power.feed(result as { run: unknown }, ['run']) : result; // of prepare

const armed = (power: Power): LocalModelRegistry =>
  test.make({
    files: power.feed(files, ['cp', 'mkdir', 'open', 'readdir', 'rename', 'rm', 'stat']),
    db: power.feed<DatabaseSync>(test.db, ['exec'], statement(power)),
  });

async function stateOf() {
  const { items } = test.registry.list({});
  const { history, ...deployment } = test.registry.deployment();
  const packages = await readdir(join(test.root, 'models', 'packages'));
  const loadable = await Promise.all(
    items.map(({ digest }) =>
      test.registry.acquire(digest, never).then(
        (lease) => (lease.release(), true),
        () => false,
      ),
    ),
  );
  return {
    versions: items.map(({ version, state, bytes }, i) => [version, state, bytes > 0, loadable[i]]),
    packages: packages.sort(),
    ...deployment,
    history: history.map(({ kind, alias, to }) => [kind, alias, to?.version]),
  };
}

/** Names of what a test has made. */
interface Made {
  readonly b: string;
  readonly c: string;
  /** Packages of b, and of a version that is not there yet. */
  readonly dirOfB: string;
  readonly newDir: string;
}
type Act = (registry: LocalModelRegistry, made: Made) => Promise<unknown>;

/** A registry with champion 2.0.0 after 1.0.0, challenger 3.0.0, and 4.0.0 as `prepare` makes it. */
async function setUp(prepare: Act): Promise<Made> {
  test = await openRegistry();
  const [dirOfB, newDir] = [join(test.root, 'b'), join(test.root, 'new')];
  const { digest: b } = await writeTinyPackage(dirOfB, { version: '4.0.0' });
  await writeTinyPackage(newDir, { version: '5.0.0' });
  const { registry } = test;
  await registry.upload(bodyOf(dirOfB), { ...by, signal: never });
  const [second, c] = [await test.upload('2.0.0'), await test.upload('3.0.0')];
  await registry.promote(second, by, never);
  await registry.challenge(c, by, never);
  const made = { b, c, dirOfB, newDir };
  await prepare(registry, made);
  return made;
}

const nothing: Act = async () => {};
const retire: Act = (registry, { b }) => registry.retire(b);
const remove: Act = async (registry, made) => {
  await retire(registry, made);
  await registry.delete(made.b);
};
const damage: Act = (_, { b }) =>
  writeFile(join(test.root, 'models', 'packages', b.slice('sha256:'.length), 'model.onnx'), 'weightz');
const uploadB: Act = (registry, { dirOfB }) => registry.upload(bodyOf(dirOfB), { ...by, signal: never });

const cases: [string, Act, Act][] = [
  ['an upload', nothing, (registry, { newDir }) => registry.upload(bodyOf(newDir), { ...by, signal: never })],
  ['an upload of a retired version', retire, uploadB],
  ['an upload of a deleted version', remove, uploadB],
  ['a promotion', nothing, (registry, { b }) => registry.promote(b, by, never)],
  ['a promotion of the challenger', nothing, (registry, { c }) => registry.promote(c, by, never)],
  ['a roll back', nothing, (registry) => registry.rollBack(by, never)],
  ['a challenge', nothing, (registry, { b }) => registry.challenge(b, by, never)],
  [
    'an end of the challenger',
    nothing,
    (registry) => registry.change({ ...by, challenger: null, canaryPercent: 5, shadowPercent: 6 }),
  ],
  ['a retirement', nothing, retire],
  ['a deletion', retire, (registry, { b }) => registry.delete(b)],
  ['a start with another package', nothing, (registry, { newDir }) => registry.open([newDir])],
];

describe('killed before each of its steps,', () => {
  it.each(cases)('%s is not done, or done', async (_, prepare, act) => {
    await setUp(prepare);
    const before = await stateOf();
    const made = await again(prepare);
    await act(test.registry, made);
    const after = await stateOf();
    expect(after).not.toEqual(before);
    let died = true;
    let [steps, undone] = [0, 0];
    for (; died; steps++) {
      const afresh = await again(prepare);
      const power = new Power(steps + 1);
      const registry = armed(power);
      await act(registry, afresh).catch(() => {});
      died = power.dead;
      if (test.db.isTransaction) test.db.exec('rollback'); // as SQLite does when it is opened again
      await test.restart();
      const found = await stateOf();
      if (JSON.stringify(found) === JSON.stringify(before)) undone++;
      else expect(found, `killed before step ${steps + 1}`).toEqual(after);
      expect(await readdir(join(test.root, 'models', 'uploads')).catch(() => [])).toEqual([]);
    }
    expect(steps).toBeGreaterThan(1);
    expect(undone).toBeGreaterThan(0);
    expect(undone).toBeLessThan(steps);
  });

  it('a repair of a damaged package repairs it, or leaves it to be repaired', async () => {
    await setUp(damage);
    let died = true;
    for (let step = 1; died; step++) {
      const made = await again(damage);
      const power = new Power(step);
      await uploadB(armed(power), made).catch(() => {});
      died = power.dead;
      if (test.db.isTransaction) test.db.exec('rollback');
      await test.restart();
      await uploadB(test.registry, made);
      (await test.registry.acquire(made.b, never)).release();
      expect(test.registry.deployment().champion.version).toBe('2.0.0');
    }
  });
});

async function again(prepare: Act): Promise<Made> {
  await test[Symbol.asyncDispose]();
  return setUp(prepare);
}

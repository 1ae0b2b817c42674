import { existsSync, mkdirSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { fakeMachine, goodCheck, ok, type Answer, type FakeMachine } from './fixtures.ts';
import { main } from './main.ts';
import { layout } from './recipe.ts';
import type { World } from '../setup/world.ts';

const machines: FakeMachine[] = [];
afterEach(() => {
  for (const machine of machines.splice(0)) machine[Symbol.dispose]();
});

function machineWith(answer?: Answer, changes?: Partial<World>): FakeMachine {
  const machine = fakeMachine(answer, changes);
  machines.push(machine);
  return machine;
}

/** Runs the command on a fake machine: its exit code and what it wrote to stderr. */
async function runOn(machine: FakeMachine, ...args: string[]) {
  const errors: string[] = [];
  machine.commands.length = machine.printed.length = 0;
  const code = await main(args, machine, (line) => errors.push(line), {
    recipe: machine.recipe,
    gpuRecipe: machine.gpuRecipe,
  });
  return { code, errors };
}

const addon = (machine: FakeMachine) => layout(machine.root).addon;

test('builds on a bare machine, one line a step', async () => {
  const machine = machineWith();
  expect(await runOn(machine)).toEqual({ code: 0, errors: [] });
  expect(machine.printed.map((line) => line.split(':')[0])).toEqual([
    ...['machine', 'wheel', 'package', 'libraries', 'addon', 'check'],
    `The native engine is in ${layout(machine.root).directory}; training uses it from now on.`,
  ]);
  expect(machine.printed.slice(0, 6).every((line) => line.endsWith('(0.0 s)'))).toBe(true);
  expect(readdirSync(machine.root)).toEqual(['node_modules']);
});

test('keeps no second copy of what the repository has, and links the libraries relatively', async () => {
  const machine = machineWith();
  await runOn(machine);
  const { modules, deps } = layout(machine.root);
  expect(readdirSync(join(modules, '@tensorflow'))).toEqual(['tfjs-node']);
  expect(existsSync(join(modules, 'tar'))).toBe(true);
  expect(readlinkSync(join(deps, 'lib', 'libtensorflow.so'))).toBe('libtensorflow_cc.so.2');
  expect(readdirSync(join(deps, 'include')).sort()).toEqual(['tensorflow', 'xla']);
});

test('a second run only checks, and --force builds again', async () => {
  const machine = machineWith();
  await runOn(machine);
  expect((await runOn(machine)).code).toBe(0);
  expect(machine.commands).toHaveLength(1);
  expect(machine.printed).toEqual([
    expect.stringMatching(/^already built, checked: TensorFlow 2\.21\.0 on the CPU, .* 150 GFLOP/),
  ]);
  expect((await runOn(machine, '--force')).code).toBe(0);
  expect(machine.commands.filter((line) => line.startsWith('npm run'))).toHaveLength(1);
  expect(machine.commands.some((line) => line.includes(' download '))).toBe(false);
});

test('builds again when the recipe has changed or the stamp cannot be read', async () => {
  const machine = machineWith();
  await runOn(machine);
  writeFileSync(layout(machine.root).stamp, '{');
  await runOn(machine);
  expect(machine.printed[0]).toMatch(/^machine/);
  const newer = { ...machine.recipe, revision: machine.recipe.revision + 1 };
  machine.printed.length = 0;
  await main([], machine, () => {}, { recipe: newer });
  expect(machine.printed[0]).toMatch(/^machine/);
});

test('--dry-run runs nothing and writes nothing', async () => {
  const machine = machineWith();
  expect(await runOn(machine, '--dry-run')).toEqual({ code: 0, errors: [] });
  expect(machine.commands).toEqual([]);
  expect(existsSync(machine.root)).toBe(false);
  expect(machine.printed).toHaveLength(7);
  await runOn(machine);
  await runOn(machine, '--dry-run');
  expect(machine.printed).toEqual([expect.stringContaining('this would check it')]);
});

test('a build that fails its check never takes the place of one that works', async () => {
  let check = goodCheck;
  const machine = machineWith((line) =>
    line.endsWith('check-child.ts') ? ok(JSON.stringify(check)) : undefined,
  );
  await runOn(machine);
  writeFileSync(addon(machine), 'the one that works');
  check = { ...goodCheck, differences: { matmul: 1e-7, conv3d: 0.2 } };
  const { code, errors } = await runOn(machine, '--force');
  expect(code).toBe(1);
  expect(errors).toEqual([
    'The engine computes conv3d with a relative difference of 2.0e-1 from the cpu engine, and 1e-4 is the limit; do not train with it.',
  ]);
  expect(existsSync(addon(machine))).toBe(true);
  expect(readdirSync(machine.root)).toEqual(['node_modules']);
  check = goodCheck;
  await runOn(machine);
  expect(machine.printed[0]).toMatch(/^already built/);
});

test('removes what a killed run left, not what a running one makes', async () => {
  const machine = machineWith();
  mkdirSync(join(machine.root, 'build-999999999'), { recursive: true });
  mkdirSync(join(machine.root, 'build-1')); // the init process is always alive
  await runOn(machine);
  expect(readdirSync(machine.root).sort()).toEqual(['build-1', 'node_modules']);
});

test('stops between steps when it is told to, with exit code 130', async () => {
  const stop = new AbortController();
  const machine = machineWith((line) => {
    if (line.startsWith('npm install')) stop.abort();
    return undefined;
  });
  const errors: string[] = [];
  const options = { recipe: machine.recipe, signal: stop.signal };
  expect(await main([], machine, (line) => errors.push(line), options)).toBe(130);
  expect(errors).toEqual(['Stopped; nothing was changed. Run the command again to start over.']);
  expect(readdirSync(machine.root)).toEqual([]);
});

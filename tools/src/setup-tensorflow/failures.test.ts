import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { judge } from './check.ts';
import { broken, fakeMachine, goodCheck, ok, type Answer, type FakeMachine } from './fixtures.ts';
import { main } from './main.ts';
import { layout, recipe } from './recipe.ts';
import { withoutOuterNpm, type World } from '../setup/world.ts';

interface Case {
  readonly name: string;
  readonly code: 1 | 3;
  readonly says: RegExp;
  readonly answer?: Answer;
  readonly changes?: Partial<World>;
  readonly prepare?: (machine: FakeMachine) => void;
}

const when =
  (part: string, result = broken('', 127)): Answer =>
  (line) =>
    line.includes(part) ? result : undefined;

const cases: Case[] = [
  {
    name: 'a mac',
    code: 3,
    changes: { platform: 'darwin-arm64' },
    says: /linux-x64 wheel and this machine is darwin-arm64/,
  },
  { name: 'a system with musl', code: 3, changes: { glibc: undefined }, says: /has none \(musl\)/ },
  {
    name: 'an old glibc',
    code: 3,
    changes: { glibc: '2.17' },
    says: /needs glibc 2\.27 or newer and this system has 2\.17/,
  },
  { name: 'no compiler', code: 3, answer: when('g++'), says: /g\+\+ is missing .*; install g\+\+/ },
  {
    name: 'a compiler named by CXX that is not there',
    code: 3,
    changes: { env: { CXX: 'clang++' } },
    answer: when('clang++'),
    says: /clang\+\+ is missing/,
  },
  { name: 'no make', code: 3, answer: when('make --version'), says: /make is missing/ },
  { name: 'no Python', code: 3, answer: when('python3'), says: /python3 is missing/ },
  {
    name: 'Python without pip',
    code: 3,
    answer: when('pip'),
    says: /^pip, which fetches the TensorFlow wheel, is missing/,
  },
  {
    name: 'a full disk',
    code: 3,
    changes: { freeBytes: () => 5e8 },
    says: /has 0\.5 GB free and 2 GB are needed/,
  },
  {
    name: 'a repository without its packages',
    code: 3,
    prepare: ({ repository }) => rmSync(join(repository, 'node_modules'), { recursive: true }),
    says: /run `npm ci` first/,
  },
  {
    name: 'a repository with another TensorFlow.js',
    code: 3,
    prepare: ({ repository }) =>
      writeFileSync(join(repository, 'node_modules/@tensorflow/tfjs/package.json'), '{"version":"4.23.0"}'),
    says: /tfjs 4\.23\.0 is installed and the native engine is built for 4\.22\.0/,
  },
  {
    name: 'pip without a network',
    code: 3,
    answer: when(
      ' download ',
      broken('WARNING: Retrying after NewConnectionError\nERROR: No matching distribution found'),
    ),
    says: /could not fetch tensorflow_cpu-.* \(its index cannot be reached\); check the network/,
  },
  {
    name: 'an index without the wheel',
    code: 3,
    answer: when(' download ', broken('ERROR: No matching distribution found for tensorflow-cpu==2.21.0\n')),
    says: /\(No matching distribution found for tensorflow-cpu==2\.21\.0\)/,
  },
  {
    name: 'npm without a network',
    code: 3,
    answer: when('npm install', broken('npm error code EAI_AGAIN')),
    says: /npm could not reach its registry .*EAI_AGAIN/,
  },
  {
    name: 'npm failing for another reason',
    code: 1,
    answer: when('npm install', broken('npm error code ERESOLVE')),
    says: /npm could not install .* its output is in .*npm\.log/,
  },
  {
    name: 'a compilation error',
    code: 1,
    answer: when('npm run build', {
      code: 1,
      stdout: '../binding/tfjs_backend.cc:18: fatal error: c_api.h: No such file\nmore',
      stderr: 'gyp ERR!',
    }),
    says: /does not compile \(\.\.\/binding\/tfjs_backend\.cc:18: fatal error: c_api\.h: No such file\); its output is in .*build\.log\.$/,
  },
  {
    name: 'a build that leaves no addon',
    code: 1,
    answer: when('npm run build', ok()),
    says: /does not compile; its output/,
  },
  {
    name: 'an engine that crashes',
    code: 1,
    answer: when('check-child', { code: 1, signal: 'SIGILL', stdout: '', stderr: '' }),
    says: /does not run on this machine \(killed by SIGILL\)/,
  },
  {
    name: 'an engine that does not load',
    code: 1,
    answer: when(
      'check-child',
      broken('    at x\nModelError: The native build does not load (libfoo.so).\n    at y'),
    ),
    says: /\(exit code 1: ModelError: The native build does not load \(libfoo\.so\)\); run/,
  },
  {
    name: 'a check that prints nothing',
    code: 1,
    answer: when('check-child', ok('')),
    says: /printed no result/,
  },
];

test.each(cases)(
  '$name: exit code $code, one sentence, no installation',
  async ({ code, says, answer, changes, prepare }) => {
    const machine = fakeMachine(answer, changes);
    const errors: string[] = [];
    prepare?.(machine);
    try {
      expect(await main([], machine, (line) => errors.push(line), { recipe: machine.recipe })).toBe(code);
      expect(errors).toEqual([expect.stringMatching(says)]);
      expect(errors[0]).toMatch(/^[^\n]*\.$/);
      expect(existsSync(layout(machine.root).modules)).toBe(false);
    } finally {
      machine[Symbol.dispose]();
    }
  },
);

test('a fetched wheel with another sha256 is a fault and is not kept', async () => {
  const machine = fakeMachine();
  const errors: string[] = [];
  try {
    // The real recipe asks for the real wheel, and the fake pip fetches another.
    expect(await main([], machine, (line) => errors.push(line), { recipe })).toBe(1);
    expect(errors).toEqual([expect.stringContaining(`must be ${recipe.wheel.sha256}; it was thrown away`)]);
    expect(existsSync(join(machine.cache, recipe.wheel.file))).toBe(false);
  } finally {
    machine[Symbol.dispose]();
  }
});

test('a damaged wheel in the cache is fetched again', async () => {
  const machine = fakeMachine();
  const cached = join(machine.cache, recipe.wheel.file);
  try {
    mkdirSync(machine.cache, { recursive: true });
    writeFileSync(cached, 'half of it');
    expect(await main([], machine, () => {}, { recipe: machine.recipe })).toBe(0);
    expect(machine.printed[1]).toMatch(/^wheel: fetched /);
    expect(readFileSync(cached, 'latin1')).toMatch(/^PK/);
  } finally {
    machine[Symbol.dispose]();
  }
});

test('an unknown option names the known ones', async () => {
  const machine = fakeMachine();
  const errors: string[] = [];
  expect(await main(['--cuda'], machine, (line) => errors.push(line))).toBe(1);
  expect(errors).toEqual([
    "Unknown option '--cuda'; the options are --gpu, --dry-run, --force, --nodes and --help.",
  ]);
  machine[Symbol.dispose]();
});

test('a NaN, a difference at the limit and another TensorFlow do not pass the check', () => {
  const version = goodCheck.version;
  expect(judge(goodCheck, version)).toBe(goodCheck);
  expect(() => judge({ ...goodCheck, differences: { matmul: 1e-7, conv3d: NaN } }, version)).toThrow(
    /conv3d .* NaN/,
  );
  expect(() => judge({ ...goodCheck, differences: { matmul: 1e-4 } }, version)).toThrow(/matmul/);
  expect(() => judge({ ...goodCheck, differences: {} }, '2.9.1')).toThrow(
    /TensorFlow 2\.21\.0 instead of 2\.9\.1/,
  );
});

test('the inner npm does not hear of the outer command line, and keeps the rest of its settings', () => {
  const outer = {
    npm_config_dry_run: 'true',
    npm_config_local_prefix: '/a',
    npm_package_name: 'x',
    npm_lifecycle_event: 'y',
  };
  const kept = {
    PATH: '/bin',
    npm_config_registry: 'r',
    npm_config_cache: 'c',
    HOME: '/h',
    npm_config_prefixed: '1',
  };
  expect(withoutOuterNpm({ ...outer, ...kept })).toEqual(kept);
});

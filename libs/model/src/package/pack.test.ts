import { createWriteStream } from 'node:fs';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { encodeCheckpoint } from '../checkpoint/checkpoint.ts';
import { packModelPackage, readModelPackage, unpackModelPackage, writeModelPackage } from './index.ts';
import { packageInput } from './package.fixture.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'pack-'));
});
afterEach(() => rm(root, { recursive: true }));

it('a package that is packed and unpacked has the same digest, whatever is in it', async () => {
  const weights = fc.float32Array({ minLength: 1, maxLength: 50 });
  await fc.assert(
    fc.asyncProperty(fc.string(), weights, fc.boolean(), async (modelCard, data, trainable) => {
      const checkpoint = encodeCheckpoint({
        weights: new Map([['a', { shape: [data.length], data }]]),
        state: { preset: 'nano' },
      });
      const written = await writeModelPackage(
        join(root, 'a'),
        { ...packageInput, modelCard, ...(trainable && { checkpoint }) },
        { overwrite: true },
      );
      await pipeline(packModelPackage(written.dir), createWriteStream(join(root, 'a.zip')));
      await unpackModelPackage(join(root, 'a.zip'), join(root, 'b'), { maxBytes: 2 ** 20 });
      const { digest, files } = await readModelPackage(join(root, 'b'));
      expect(digest).toBe(written.digest);
      expect((await readdir(join(root, 'b'))).toSorted()).toEqual(
        ['rdf.yaml', ...Object.keys(files)].toSorted(),
      );
      await rm(join(root, 'b'), { recursive: true });
    }),
    { numRuns: 30 },
  );
});

it('the archive is a function of the package alone: not of dates, zones, other files or where it lies', async () => {
  const { dir } = await writeModelPackage(join(root, 'a'), packageInput);
  const first = await buffer(packModelPackage(dir));
  const other = await writeModelPackage(join(root, 'elsewhere', 'b'), packageInput);
  await utimes(join(other.dir, 'model.onnx'), 1e9, 1e9);
  await writeFile(join(other.dir, '.DS_Store'), 'of a file browser');
  const zone = process.env['TZ'];
  try {
    process.env['TZ'] = 'Pacific/Kiritimati';
    expect(await buffer(packModelPackage(other.dir))).toEqual(first);
  } finally {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  }
});

it('what is not a package fails instead of giving an archive', async () => {
  await expect(buffer(packModelPackage(root))).rejects.toThrow('is not a model package');
  const { dir } = await writeModelPackage(join(root, 'a'), packageInput);
  await writeFile(join(dir, 'README.md'), '# Changed\n');
  await expect(buffer(packModelPackage(dir))).rejects.toThrow('is not the file that rdf.yaml describes');
});

it('who stops reading leaves nothing open', async () => {
  const { dir } = await writeModelPackage(join(root, 'a'), { ...packageInput, modelCard: 'x'.repeat(1e6) });
  const openFiles = async () => (await readdir('/proc/self/fd').catch(() => [])).length;
  const before = await openFiles();
  for (let i = 0; i < 20; i++) {
    let read = 0;
    for await (const chunk of packModelPackage(dir)) if ((read += (chunk as Buffer).length) > 1e5) break;
    expect(read).toBeLessThan(1e6);
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(await openFiles()).toBeLessThan(before + 10);
});

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { zip } from './fixtures.ts';
import { placeInDeps } from './recipe.ts';
import { unzip } from './unzip.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'unzip-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function archive(bytes: Uint8Array): string {
  const path = join(folder, 'archive.whl');
  writeFileSync(path, bytes);
  return path;
}

test('writes what was packed, stored, deflated or empty', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ maxLength: 2000, unit: 'binary' }), { maxLength: 5 }),
      async (texts) => {
        const files = Object.fromEntries(texts.map((text, index) => [`folder ${index}/ä.txt`, text]));
        const out = mkdtempSync(join(folder, 'out-'));
        const written = await unzip(archive(zip(files)), (name) => join(out, name));
        expect(written).toBe(texts.length);
        for (const [name, text] of Object.entries(files))
          expect(readFileSync(join(out, name)).equals(Buffer.from(text))).toBe(true);
      },
    ),
    { numRuns: 15 },
  );
});

test('writes only the entries that have a place', async () => {
  const path = archive(zip({ 'a.txt': 'aaaaaaaaaaaaa', 'b.txt': 'bbbbbbbbbbbbbb' }));
  const written = await unzip(path, (name) => (name === 'b.txt' ? join(folder, 'only') : undefined));
  expect(written).toBe(1);
  expect(readdirSync(folder).sort()).toEqual(['archive.whl', 'only']);
});

test('refuses a file that is no archive, and one that was cut off', async () => {
  const whole = zip({ 'a.txt': 'some content' });
  for (const bytes of [Buffer.from('<html>proxy error</html>'), whole.subarray(0, whole.length - 40)])
    await expect(unzip(archive(bytes), () => join(folder, 'x'))).rejects.toThrow(
      `${join(folder, 'archive.whl')} is not a zip archive; delete it and run again.`,
    );
});

test('refuses contents that do not match their checksum', async () => {
  const bytes = zip({ 'a.txt': 'short' });
  bytes.write('SHORT', bytes.indexOf('short'));
  await expect(unzip(archive(bytes), () => join(folder, 'x'))).rejects.toThrow(
    /other contents than its directory/,
  );
});

test('stops when it is told to', async () => {
  const reason = new Error('stopped');
  const path = archive(zip({ 'a.txt': 'some longer content' }));
  await expect(unzip(path, () => join(folder, 'x'), AbortSignal.abort(reason))).rejects.toBe(reason);
});

test('takes the two libraries and the C headers of a wheel, and nothing else', () => {
  expect(placeInDeps('tensorflow/libtensorflow_cc.so.2')).toBe('lib/libtensorflow_cc.so.2');
  expect(placeInDeps('tensorflow/include/tensorflow/c/c_api.h')).toBe('include/tensorflow/c/c_api.h');
  expect(placeInDeps('tensorflow/include/xla/tsl/c/tsl_status.h')).toBe('include/xla/tsl/c/tsl_status.h');
  for (const name of [
    'tensorflow/include/absl/base/config.h',
    'tensorflow/include/tensorflow/c/BUILD',
    'tensorflow/python/_pywrap_tfe.so',
    'tensorflow_cpu-2.21.0.dist-info/METADATA',
  ])
    expect(placeInDeps(name)).toBeUndefined();
});

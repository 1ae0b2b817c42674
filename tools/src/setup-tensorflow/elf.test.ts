import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { elf } from './elf.fixture.ts';
import { readDynamicSection } from './elf.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'elf-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function read(bytes: Uint8Array) {
  const path = join(folder, 'library.so');
  writeFileSync(path, bytes);
  return readDynamicSection(path);
}

test('reads what a library needs and where it looks', async () => {
  const name = fc.stringMatching(/^lib[a-zA-Z_-]{1,20}\.so\.\d$/);
  await fc.assert(
    fc.asyncProperty(
      fc.array(name, { maxLength: 5 }),
      fc.option(fc.array(fc.constantFrom('$ORIGIN', '/opt/lib', '$ORIGIN/../x'), { minLength: 1 })),
      async (needed, places) => {
        expect(await read(elf(needed, places?.join(':')))).toEqual({
          needed,
          runpath: [...new Set(places ?? [])],
        });
      },
    ),
    { numRuns: 50 },
  );
});

test('passes over empty places, which mean the working directory', async () => {
  expect((await read(elf([], '$ORIGIN::')))?.runpath).toEqual(['$ORIGIN']);
});

test('a file that is no library of 64-bit Linux is told from one', async () => {
  const other = elf();
  other[4] = 1; // 32 bits
  for (const bytes of [Buffer.alloc(0), Buffer.from('#!/bin/sh\n'.repeat(20)), other])
    expect(await read(bytes)).toBeUndefined();
});

test.runIf(process.platform === 'linux')('reads a real program: this Node needs the C library', async () => {
  expect((await readDynamicSection(process.execPath))?.needed).toContain('libc.so.6');
});

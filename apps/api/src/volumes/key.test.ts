import { join, relative, sep } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { checkKey } from './key.ts';

const taken = (key: string): boolean => {
  try {
    checkKey(key);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'invalid-key', message: expect.stringMatching(/\.$/) });
    return false;
  }
};

it.each([
  'zarr.json',
  'c/0/0/0',
  '0.0.0',
  'raw/.zarray',
  '.zattrs',
  '.zmetadata',
  's0/c/10',
  'a_b-c.d',
  'c',
  '-1',
])('takes %s', (key) => expect(taken(key)).toBe(true));

const characters = [
  'a',
  'Z',
  '0',
  '.',
  '..',
  '/',
  '\\',
  '-',
  '_',
  '%',
  ':',
  '~',
  '\0',
  '\n',
  ' ',
  'ä',
  '😀',
  '.zarray',
];

it('takes nothing that leaves the directory it is joined to, or that another key could spell too', () => {
  let accepted = 0;
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...characters), { maxLength: 12 }), (parts) => {
      const key = parts.join('');
      if (!taken(key)) return;
      accepted++;
      const path = relative('/volumes/one', join('/volumes/one', key));
      expect(path.split(sep).join('/')).toBe(key);
      expect(path.split(sep)).not.toContain('..');
    }),
    { numRuns: 20_000 },
  );
  expect(accepted).toBeGreaterThan(100);
});

it('takes keys as long and as deep as it says, and no more', () => {
  expect(taken('x'.repeat(255))).toBe(true);
  expect(taken('x'.repeat(256))).toBe(false);
  expect(taken(`${'x'.repeat(255)}/${'x'.repeat(255)}`)).toBe(true);
  expect(taken(`${'x'.repeat(255)}/${'x'.repeat(255)}/x`)).toBe(false);
  expect(taken(Array(32).fill('x').join('/'))).toBe(true);
  expect(taken(Array(33).fill('x').join('/'))).toBe(false);
});

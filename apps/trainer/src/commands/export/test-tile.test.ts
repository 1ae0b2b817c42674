import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { testTile } from './test-tile.ts';

const digest = (tile: Uint8Array): string => createHash('sha256').update(tile).digest('hex').slice(0, 16);

it('the test tile is the same for ever: packages are compared by digest', () => {
  expect(digest(testTile([16, 32, 48]))).toMatchInlineSnapshot(`"09cb04d470c5f8b9"`);
});

it('a larger test tile begins with the smaller one', () => {
  const small = testTile([4, 4, 4]);
  const large = testTile([8, 8, 8]);
  for (let v = 0; v < 64; v++) expect(large[((v >> 4) * 8 + ((v >> 2) & 3)) * 8 + (v & 3)]).toBe(small[v]);
});

it('the test tile has structure that a network answers to: many grey values, few of them clipped', () => {
  const counts = new Uint32Array(256);
  for (const v of testTile([32, 32, 32])) counts[v]!++;
  expect(counts.filter((count) => count > 0).length).toBeGreaterThan(100);
  expect((counts[0]! + counts[255]!) / 32 ** 3).toBeLessThan(0.01);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { VolumeJson, VolumePage } from '../../volumes/types.ts';
import { mergePages } from './pages.ts';
import { idOfStateName, looksLikeOurs, newWorkerId, stateNameOf } from './names.ts';

const volume = (id: string) => ({ id }) as VolumeJson; // the rest is not looked at

/** A list newest first that may end its pages early, as the bucket's does. */
const listOf =
  (ids: string[], most: number) =>
  (limit: number, cursor?: string): VolumePage => {
    const after = ids.filter((id) => cursor === undefined || id < cursor).sort((a, b) => (a < b ? 1 : -1));
    const items = after.slice(0, Math.min(limit, most)).map(volume);
    return { items, ...(items.length < after.length && { next: items.at(-1)?.id }) };
  };

test('two lists read page by page are one list, newest first, whatever the sizes of their pages', () => {
  const ids = fc.uniqueArray(
    fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 3, maxLength: 3 }),
  );
  const size = fc.integer({ min: 1, max: 5 });
  fc.assert(
    fc.property(ids, fc.func(fc.boolean()), size, size, size, (all, side, limit, mostA, mostB) => {
      const [a, b] = [true, false].map((which, i) =>
        listOf(
          all.filter((id) => side(id) === which),
          i === 0 ? mostA : mostB,
        ),
      ) as [ReturnType<typeof listOf>, ReturnType<typeof listOf>]; // of two
      const read: string[] = [];
      let cursor: string | undefined;
      do {
        const page = mergePages(a(limit, cursor), b(limit, cursor), limit);
        expect(page.items.length).toBeLessThanOrEqual(limit);
        read.push(...page.items.map(({ id }) => id));
        cursor = page.next;
      } while (cursor !== undefined);
      expect(read).toEqual([...all].sort((x, y) => (x < y ? 1 : -1)));
    }),
  );
});

test('names of states list newer volumes first and give their ids back', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 42), fc.nat(2 ** 42), (earlier, later) => {
      const [a, b] = [earlier, later].map((now) => newWorkerId(now, Math.random)) as [string, string]; // of two
      expect([looksLikeOurs(a), looksLikeOurs(b)]).toEqual([true, true]);
      expect(idOfStateName(stateNameOf(a))).toBe(a);
      expect(stateNameOf(a) < stateNameOf(b)).toBe(a > b);
    }),
  );
});

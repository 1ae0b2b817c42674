import type { VolumePage } from '../../volumes/types.ts';

/**
 * One page of two lists that are sorted by id, newest first. Where a list has more than its page, nothing older than
 * the end of that page is taken of the other: it would come before what was not read yet.
 */
export function mergePages(a: VolumePage, b: VolumePage, limit: number): VolumePage {
  const floors = [a.next, b.next].filter((next) => next !== undefined);
  const floor = floors.sort().at(-1) ?? '';
  const all = [...a.items, ...b.items].filter(({ id }) => id >= floor).sort((x, y) => (x.id < y.id ? 1 : -1));
  const items = all.slice(0, limit);
  const more = floor !== '' || all.length > limit;
  const next = all.length > limit ? items.at(-1)?.id : floor;
  return { items, ...(more && next !== undefined && { next }) };
}

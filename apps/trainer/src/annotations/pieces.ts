import type { Box, Vec3 } from '@tokenunify/em-io';

/** What one piece may take in memory. */
export const defaultPieceBytes = 128 * 2 ** 20;

/**
 * A box cut into boxes that, read one behind the other, give its voxels in C order, each of at most `maxBytes` (or one
 * row). Cuts lie between chunks where a whole layer of chunks fits, so that no chunk is decoded twice.
 */
export function* pieces(
  { start, stop }: Box,
  itemBytes: number,
  options: { readonly maxBytes?: number; readonly chunkShape?: Vec3 | undefined } = {},
): Generator<Box, void> {
  const { maxBytes = defaultPieceBytes, chunkShape } = options;
  const rowBytes = (stop[2] - start[2]) * itemBytes;
  const sectionBytes = (stop[1] - start[1]) * rowBytes;
  const sections = Math.floor(maxBytes / sectionBytes);
  if (sections >= 1) {
    for (const [from, to] of cuts(start[0], stop[0], sections, chunkShape?.[0]))
      yield { start: [from, start[1], start[2]], stop: [to, stop[1], stop[2]] };
    return;
  }
  const rows = Math.max(1, Math.floor(maxBytes / rowBytes));
  for (let z = start[0]; z < stop[0]; z++)
    for (const [from, to] of cuts(start[1], stop[1], rows, chunkShape?.[1]))
      yield { start: [z, from, start[2]], stop: [z + 1, to, stop[2]] };
}

function* cuts(start: number, stop: number, most: number, chunk = 1): Generator<readonly [number, number]> {
  for (let from = start, to; from < stop; from = to) {
    to = Math.min(stop, from + most);
    const between = Math.floor(to / chunk) * chunk;
    if (to < stop && between > from) to = between;
    yield [from, to];
  }
}

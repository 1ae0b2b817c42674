import type { Region } from '../volume.ts';

/**
 * Splits a region at chunk boundaries into pieces of at most `maxElements`, so that no chunk is decoded twice and
 * memory stays flat. A single chunk larger than the limit is one piece, cut to the region.
 */
export function* chunkAlignedPieces(
  region: Region,
  chunkShape: readonly number[],
  maxElements: number,
): Generator<Region> {
  const chunk = chunkShape.map((length) => Math.max(1, length));
  const extent = region.stop.map((to, axis) => to - region.start[axis]);
  // Grow a piece from the last axis on, so that it is as contiguous in the file as the limit allows.
  const step = extent.map((length, axis) => Math.min(length, chunk[axis]));
  for (let axis = step.length - 1; axis >= 0; axis--) {
    const others = step.reduce(
      (product, length, other) => (other === axis ? product : product * Math.min(length, extent[other])),
      1,
    );
    const length = chunk[axis];
    const chunks = Math.max(1, Math.floor(maxElements / others / length));
    step[axis] = chunks * length;
  }
  yield* cut(region, step, chunk, 0);
}

/** Cuts along one axis after another; every cut but the first lies on a multiple of the chunk. */
function* cut(
  region: Region,
  step: readonly number[],
  chunk: readonly number[],
  axis: number,
): Generator<Region> {
  if (axis === region.start.length) {
    yield region;
    return;
  }
  const stop = region.stop[axis];
  const length = chunk[axis];
  for (let from = region.start[axis]; from < stop;) {
    const aligned = Math.floor(from / length) * length;
    const to = Math.min(stop, aligned + step[axis]);
    yield* cut(
      { start: region.start.with(axis, from), stop: region.stop.with(axis, to) },
      step,
      chunk,
      axis + 1,
    );
    from = to;
  }
}

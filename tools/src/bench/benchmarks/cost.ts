/** Milliseconds by the clock, and of processors: the second is what a busy machine changes least. */
export interface Cost {
  readonly wall: number;
  readonly processor: number;
}

export async function costOf(run: () => Promise<unknown>): Promise<Cost> {
  const before = process.cpuUsage();
  const start = performance.now();
  await run();
  const wall = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return { wall, processor: (user + system) / 1000 };
}

/** The smallest of each, of several. */
export const least = (costs: readonly Cost[]): Cost => ({
  wall: Math.min(...costs.map(({ wall }) => wall)),
  processor: Math.min(...costs.map(({ processor }) => processor)),
});

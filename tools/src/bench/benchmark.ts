/** One thing a benchmark found. */
export interface Measurement {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** Which way is good; left out for what only describes the input. */
  readonly better?: 'higher' | 'lower';
}

export interface BenchmarkContext {
  /** Aborted by Ctrl-C. Benchmarks look at it between repetitions. */
  readonly signal: AbortSignal;
  /** Directory of the model package to measure with. */
  readonly model: string;
  /** Says what is going on, one line at a time. */
  readonly report: (line: string) => void;
}

/** A benchmark: a file of its own in `benchmarks/`, listed in `registry.ts`. It checks its result, so a wrong fast one fails. */
export interface Benchmark {
  readonly name: string;
  /** One line for the list: what is measured, on what. */
  readonly summary: string;
  /** Under a minute on two cores. */
  run(context: BenchmarkContext): Promise<readonly Measurement[]>;
}

/**
 * Best and median of some timings, ms. The best is what the code costs; a median far above it says that the machine was busy.
 */
export async function time(
  repetitions: number,
  signal: AbortSignal,
  work: () => void | Promise<void>,
): Promise<{ best: number; median: number }> {
  const timings: number[] = [];
  for (let i = 0; i < repetitions; i++) {
    signal.throwIfAborted();
    const start = performance.now();
    await work();
    timings.push(performance.now() - start);
  }
  timings.sort((a, b) => a - b);
  return { best: timings[0], median: timings[timings.length >> 1] };
}

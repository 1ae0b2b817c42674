import { cpus } from 'node:os';
import { ToolsError } from '../errors.ts';
import type { Benchmark, BenchmarkContext, Measurement } from './benchmark.ts';
import { calibrate, CALIBRATION } from './calibration.ts';

/** What `--json` writes: everything that is needed to compare two runs. */
export interface BenchmarkReport {
  readonly benchmark: string;
  readonly measurements: readonly (Measurement & {
    /**
     * The figure freed from the machine's speed: seconds times, or rates divided by, the calibration rate. Dimensionless
     * up to a constant; compare it only with the same calibration and benchmark.
     */
    readonly calibrated?: number;
  })[];
  readonly calibration: {
    readonly kernel: string;
    readonly before: number;
    readonly after: number;
    readonly unit: string;
  };
  readonly machine: {
    readonly processor: string;
    readonly cores: number;
    readonly node: string;
    readonly platform: string;
  };
  readonly seconds: number;
}

/** The named one of some benchmarks. @throws ToolsError 'tools/unknown-benchmark' with the names there are */
export function findBenchmark(benchmarks: readonly Benchmark[], name: string): Benchmark {
  const found = benchmarks.find((benchmark) => benchmark.name === name);
  if (found !== undefined) return found;
  const names = benchmarks.map((benchmark) => benchmark.name).join(', ');
  throw new ToolsError('tools/unknown-benchmark', `There is no benchmark '${name}'; there are: ${names}.`);
}

/** Runs one benchmark between two calibrations, so that a machine that changed its speed meanwhile shows. */
export async function runBenchmark(
  benchmark: Benchmark,
  context: BenchmarkContext,
): Promise<BenchmarkReport> {
  const start = performance.now();
  const before = calibrate().rate;
  const measurements = await benchmark.run(context);
  const after = calibrate().rate;
  const rate = Math.sqrt(before * after);
  const processors = cpus();
  return {
    benchmark: benchmark.name,
    measurements: measurements.map((measurement) => ({ ...measurement, ...calibrated(measurement, rate) })),
    calibration: { kernel: CALIBRATION, before, after, unit: 'Mstep/s' },
    machine: {
      processor: processors[0]?.model.trim() ?? 'unknown',
      cores: processors.length,
      node: process.version,
      platform: `${process.platform}-${process.arch}`,
    },
    seconds: (performance.now() - start) / 1000,
  };
}

function calibrated({ value, unit }: Measurement, rate: number): { calibrated?: number } {
  if (unit === 's') return { calibrated: value * rate };
  return unit.endsWith('/s') ? { calibrated: value / rate } : {};
}

/** The report as a table for people. */
export function formatReport(report: BenchmarkReport): string {
  const { calibration, machine } = report;
  const names = report.measurements.map(({ name }) => name.length);
  const width = Math.max(...names, 'calibration'.length);
  const rows = report.measurements.map(({ name, value, unit, calibrated: ratio, better }) => {
    const figure = `${significant(value)} ${unit}`.padEnd(20);
    const comparable = ratio === undefined ? '' : `x${significant(ratio)}`.padEnd(10);
    return `  ${name.padEnd(width)}  ${figure}  ${comparable}${better === undefined ? '' : ` ${better} is better`}`;
  });
  const drift = Math.abs(calibration.after / calibration.before - 1);
  const rates = `${significant(calibration.before)} before, ${significant(calibration.after)} after, ${calibration.unit} (${calibration.kernel})`;
  return [
    `${report.benchmark}, ${report.seconds.toFixed(1)} s on ${machine.processor} (${machine.cores} cores), Node ${machine.node}`,
    ...rows,
    `  ${'calibration'.padEnd(width)}  ${rates}`,
    ...(drift > 0.15
      ? ['  The machine changed its speed during the run: repeat it when nothing else is running.']
      : []),
  ].join('\n');
}

function significant(value: number): string {
  return Math.abs(value) >= 1000 ? Math.round(value).toString() : value.toPrecision(3);
}

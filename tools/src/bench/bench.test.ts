import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { agglomerate, applyLookup, buildRegionGraph } from '@tokenunify/segmentation';
import type { Benchmark } from './benchmark.ts';
import { GOLDEN } from './benchmarks/agglomerate.ts';
import { goldenInput, partitionDigest } from './benchmarks/golden-input.ts';
import { exponent } from './benchmarks/scan.ts';
import { benchmarks } from './registry.ts';
import { findBenchmark, formatReport, runBenchmark } from './run.ts';

const quiet = { signal: new AbortController().signal, model: 'none', report: () => undefined };
const fake: Benchmark = {
  name: 'fake',
  summary: 'nothing',
  run: () =>
    Promise.resolve([
      { name: 'time', value: 2, unit: 's', better: 'lower' },
      { name: 'rate', value: 5, unit: 'Mvoxel/s', better: 'higher' },
      { name: 'items', value: 12_345, unit: '' },
    ]),
};

describe('the registry', () => {
  it('has unique names that fit a command line, and a summary for each', () => {
    const names = benchmarks.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, summary } of benchmarks) {
      expect(name).toMatch(/^[a-z][a-z-]*$/);
      expect(summary).not.toBe('');
    }
  });

  it('names what there is when asked for what there is not', () => {
    expect(() => findBenchmark([fake], 'tiles')).toThrow("There is no benchmark 'tiles'; there are: fake.");
  });
});

describe('runBenchmark', () => {
  it('frees times and rates from the speed of the machine, and leaves counts alone', async () => {
    const { measurements, calibration } = await runBenchmark(fake, quiet);
    const rate = Math.sqrt(calibration.before * calibration.after);
    expect(rate).toBeGreaterThan(0);
    expect(measurements[0].calibrated).toBeCloseTo(2 * rate, 9);
    expect(measurements[1].calibrated).toBeCloseTo(5 / rate, 9);
    expect(measurements[2]).not.toHaveProperty('calibrated');
  });

  it('says when the machine changed its speed', async () => {
    const report = await runBenchmark(fake, quiet);
    const { calibration } = report;
    const steady = { ...report, calibration: { ...calibration, after: calibration.before } };
    const slowed = { ...report, calibration: { ...calibration, after: calibration.before / 2 } };
    expect(formatReport(steady)).not.toContain('changed its speed');
    expect(formatReport(slowed)).toContain('changed its speed');
    expect(formatReport(steady)).toMatch(/items +12345/);
  });
});

describe('the golden input', () => {
  it('is the one for which the partitions of waterz are known', () => {
    const shape = [8, 64, 64] as const;
    const { affinities, fragments } = goldenInput(shape, 16);
    expect(partitionDigest(fragments)).toBe('cf1fa26a1d8e27a8');
    const graph = buildRegionGraph(affinities, fragments, shape);
    for (const { scoring, digest } of GOLDEN) {
      const [step] = agglomerate(graph, { scoring, thresholds: [0.5] });
      expect(partitionDigest(applyLookup(fragments, step.lookup))).toBe(digest);
    }
  });
});

it('finds how something grows', () => {
  const points = (power: number) => [1, 2, 4, 64].map((x) => [x, 3 * x ** power] as const);
  expect(exponent(points(1))).toBeCloseTo(1, 9);
  expect(exponent(points(2))).toBeCloseTo(2, 9);
});

describe('npm run bench', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], { encoding: 'utf8' });

  it('lists the benchmarks', () => {
    const { status, stdout } = run();
    expect(status).toBe(0);
    const width = Math.max(...benchmarks.map(({ name }) => name.length));
    for (const { name, summary } of benchmarks) expect(stdout).toContain(`${name.padEnd(width)}  ${summary}`);
  });

  it('runs one, and writes its figures as JSON', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bench-'));
    try {
      const file = join(folder, 'agglomerate.json');
      const { status, stdout, stderr } = run('agglomerate', '--json', file);
      expect(status, stderr).toBe(0);
      expect(stdout).toContain('hist50 graph + merging');
      const report: unknown = JSON.parse(readFileSync(file, 'utf8'));
      expect(report).toMatchObject({ benchmark: 'agglomerate', calibration: { kernel: 'mixed-1' } });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each([
    [['nothing'], /no benchmark 'nothing'/],
    [['agglomerate', '--jsno', 'x'], /--jsno/],
  ])('fails with one sentence for %j', (args, sentence) => {
    const { status, stderr } = run(...args);
    expect(status).toBe(1);
    expect(stderr).toMatch(sentence);
    expect(stderr.trim().split('\n').length).toBe(1);
  });
});

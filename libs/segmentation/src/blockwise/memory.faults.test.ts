import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from './testing.ts';

const fixture = fileURLToPath(new URL('memory.fixture.ts', import.meta.url));

interface Report {
  readonly voxels: number;
  readonly bytes: number;
  readonly idle: number;
  readonly peak: number;
  readonly seconds: number;
  readonly labelCount: number;
  readonly stages: Readonly<Record<string, number>>;
}

/** Segments so much in a process of its own. A small young generation is what one would give a process on a small machine. */
async function segmentation(shape: readonly [number, number, number]): Promise<Report> {
  const directory = await temporaryDirectory();
  try {
    const parameters = ['--max-semi-space-size=1', fixture, ...shape.map(String), directory.path];
    const { stdout } = await promisify(execFile)(process.execPath, parameters);
    return JSON.parse(stdout) as Report; // what the fixture prints
  } finally {
    await directory.remove();
  }
}

function describeReport({ voxels, bytes, idle, peak, seconds, stages }: Report): string {
  const mega = (value: number) => (value / 1e6).toFixed(0);
  const parts = Object.entries(stages).map(([stage, time]) => `${stage} ${time.toFixed(1)} s`);
  return (
    `${mega(voxels)} MVoxel, ${mega(bytes)} MB: peak ${mega(peak)} MB, ${mega(peak - idle)} MB above the ` +
    `${mega(idle)} MB of the idle process; ${(voxels / 1e6 / seconds).toFixed(2)} MVoxel/s (${parts.join(', ')})`
  );
}

describe('memory', () => {
  it(
    'of a job is an eighth of its volume, and does not grow when the volume does',
    { timeout: 600_000 },
    async () => {
      // beside each other: each is a process with one thread, and memory does not mind
      const [half, whole] = await Promise.all([segmentation([352, 512, 512]), segmentation([704, 512, 512])]);
      console.log(`${describeReport(half)}\n${describeReport(whole)}`);
      expect(whole.voxels).toBe(704 * 512 * 512);
      expect(whole.labelCount).toBeGreaterThan(half.labelCount);
      expect(half.labelCount).toBeGreaterThan(100);
      expect(whole.bytes).toBeGreaterThanOrEqual(8 * (whole.peak - whole.idle));
      // what is not collected yet comes and goes; what a volume leaves would grow with it
      expect(whole.peak - half.peak).toBeLessThanOrEqual(0.1 * (whole.bytes - half.bytes));
    },
  );
});

/** A volume and labels larger than the memory that the command takes for them. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { truncate } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bench, type Bench } from './command.fixture.ts';

const BIN = fileURLToPath(new URL('../../../../bin/tokenunify.js', import.meta.url));
const MiB = 2 ** 20;
let own: Bench;
beforeAll(async () => void (own = await bench()));
afterAll(() => own.close());

/** The most memory that the command had, as Linux counts it. */
function peakOf(input: string, output: string): Promise<number> {
  const args = ['segment', own.at(input), own.at(output), '--api', own.server.url, '--json'];
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  let peak = 0;
  const timer = setInterval(() => {
    const status = `/proc/${child.pid}/status`;
    const found = existsSync(status) ? /VmHWM:\s+(\d+) kB/.exec(readFileSync(status, 'utf8')) : null;
    if (found) peak = 1024 * Number(found[1]);
  }, 20);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(timer);
      if (code === 0) resolve(peak);
      else reject(new Error(`exit code ${code}`));
    });
  });
}

it.skipIf(!existsSync('/proc/self/status'))(
  'memory stays flat while the volume grows',
  { timeout: 300_000 },
  async () => {
    const shape = [256, 512, 512] as const;
    // a header, and zeros that take no place on the disk
    const text = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`;
    writeFileSync(own.at('large.npy'), `\x93NUMPY\x01\x00\x76\x00${text.padEnd(117)}\n`, 'latin1');
    await truncate(own.at('large.npy'), 128 + shape[0] * shape[1] * shape[2]);
    const small = await peakOf('raw.zarr', 'small.zarr');
    for (const output of ['large.zarr', 'large-labels.npy']) {
      const large = await peakOf('large.npy', output);
      // the labels alone are 256 MiB
      expect(
        (large - small) / MiB,
        `${Math.round(large / MiB)} MiB, ${Math.round(small / MiB)} for a small one`,
      ).toBeLessThan(128);
    }
  },
);

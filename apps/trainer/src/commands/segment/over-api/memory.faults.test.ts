/** A volume and labels larger than the memory that the command takes for them. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { truncate } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Vec3 } from '@tokenunify/em-io';
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

/** Zeros behind a header; they take no place on the disk. */
async function writeZeros(name: string, shape: Vec3): Promise<void> {
  const text = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`;
  writeFileSync(own.at(name), `\x93NUMPY\x01\x00\x76\x00${text.padEnd(117)}\n`, 'latin1');
  await truncate(own.at(name), 128 + shape[0] * shape[1] * shape[2]);
}

it.skipIf(!existsSync('/proc/self/status'))(
  'memory stays flat while the volume grows eightfold',
  { timeout: 300_000 },
  async () => {
    await writeZeros('small.npy', [128, 256, 256]);
    await writeZeros('large.npy', [256, 512, 512]);
    for (const extension of ['zarr', 'npy']) {
      const small = await peakOf('small.npy', `small-labels.${extension}`);
      const large = await peakOf('large.npy', `large-labels.${extension}`);
      // the labels of the large one are 256 MiB, 224 more than of the small one
      expect(
        (large - small) / MiB,
        `${extension}: ${Math.round(large / MiB)} MiB, ${Math.round(small / MiB)} for the small one`,
      ).toBeLessThan(128);
    }
  },
);

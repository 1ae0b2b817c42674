/** Writes src/goldens/waterz-hard.json with waterz itself; see README.md. `node make-waterz-hard.ts BUILD_FOLDER` */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildHardInput } from '../src/goldens/hard-input.ts';
import { partitionDigest } from '../src/goldens/waterz-input.ts';

const build = process.argv[2];
const folder = mkdtempSync(join(tmpdir(), 'waterz-'));
const file = (name: string) => join(folder, name);
/** 0.501953125 and 0.3 are met exactly, by histograms (1 - 127.5 / 256) and means: the comparison is strict. */
const thresholds = [0.1, 0.2, 0.3, 0.4, 0.501953125, 0.6, 0.7, 0.8, 0.9];
const cases = (['hist50', 'hist75', 'mean', 'max'] as const).flatMap((scoring, i) =>
  [1, 2].map((seed) => {
    const shape = [8, 32 + 8 * seed, 40] as const;
    const { affinities, fragments } = buildHardInput(shape, 10 * i + seed);
    writeFileSync(file('a'), affinities);
    writeFileSync(file('f'), fragments);
    const args = [file('a'), file('f'), ...shape.map(String), file('o'), ...thresholds.map(String)];
    const { stderr, status } = spawnSync(join(build, `reference-${scoring}`), args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`reference-${scoring} failed: ${stderr}`);
    const merges = stderr.trim().split('\n').map(Number);
    return {
      shape,
      seed: 10 * i + seed,
      scoring,
      thresholds: thresholds.map((threshold, k) => {
        const bytes = readFileSync(file(`o.${k}`));
        const labels = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
        return { threshold, merges: merges[k], digest: partitionDigest(labels) };
      }),
    };
  }),
);
const out = new URL('../src/goldens/waterz-hard.json', import.meta.url);
writeFileSync(out, `${JSON.stringify({ cases }, null, 1)}\n`);

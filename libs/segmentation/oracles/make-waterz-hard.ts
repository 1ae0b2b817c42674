/** Writes src/goldens/waterz-hard.json with waterz itself; see README.md. `node make-waterz-hard.ts BUILD_FOLDER` */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Vec3 } from '../src/shape.ts';
import { buildHardInput } from '../src/goldens/hard-input.ts';
import { buildInput, partitionDigest } from '../src/goldens/waterz-input.ts';

const build = process.argv[2];
const folder = mkdtempSync(join(tmpdir(), 'waterz-'));
const file = (name: string) => join(folder, name);
/** 0.501953125 and 0.3 are met exactly, by histograms (1 - 127.5 / 256) and means: the comparison is strict. */
const thresholds = [0.05, 0.1, 0.2, 0.3, 0.4, 0.501953125, 0.6, 0.7, 0.8, 0.9];
const noise = (['hist50', 'hist75', 'mean', 'max'] as const).flatMap((scoring, i) =>
  [1, 2].map((k) => {
    const input = { kind: 'noise' as const, shape: [8, 32 + 8 * k, 40] as const, seed: 10 * i + k };
    return reference(input, buildHardInput(input.shape, input.seed), scoring);
  }),
);
// Large enough that it matters which of two edges of equal score survives.
const input = { kind: 'tiled' as const, shape: [16, 128, 128] as const, cell: 16 };
const tiled = (['hist50', 'mean'] as const).map((scoring) =>
  reference(input, buildInput(input.shape, input.cell), scoring),
);

function reference<T extends { shape: Vec3 }>(
  input: T,
  { affinities, fragments }: { affinities: Float32Array; fragments: Uint32Array },
  scoring: string,
) {
  writeFileSync(file('a'), affinities);
  writeFileSync(file('f'), fragments);
  const args = [file('a'), file('f'), ...input.shape.map(String), file('o'), ...thresholds.map(String)];
  const { stderr, status } = spawnSync(join(build, `reference-${scoring}`), args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`reference-${scoring} failed: ${stderr}`);
  const merges = stderr.trim().split('\n').map(Number);
  const steps = thresholds.map((threshold, k) => {
    const bytes = readFileSync(file(`o.${k}`));
    const labels = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    return { threshold, merges: merges[k], digest: partitionDigest(labels) };
  });
  return { ...input, scoring, thresholds: steps };
}

const out = new URL('../src/goldens/waterz-hard.json', import.meta.url);
writeFileSync(out, `${JSON.stringify({ cases: [...noise, ...tiled] }, null, 1)}\n`);

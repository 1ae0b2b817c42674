import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { failed } from './errors.ts';
import type { World } from '../setup/world.ts';

/** What the check's child process prints, as one line of JSON. */
export interface CheckResult {
  /** TensorFlow's own answer. */
  readonly version: string;
  /** True when it computed on a GPU. */
  readonly gpu: boolean;
  readonly matmulGflops: number;
  /** Forward and both gradients. */
  readonly conv3dGflops: number;
  /** Largest difference from the cpu engine over the largest value, for each thing computed by both. */
  readonly differences: Readonly<Record<string, number>>;
}

/** fp32 sums in another order differ by 1e-6; a wrong gradient by 1e-1 or more. */
export const tolerance = 1e-4;

/** Loads the engine of `root` in a process of its own, computes with it and with the cpu engine, and compares. */
export async function checkEngine(
  world: World,
  root: string,
  expectedVersion: string,
  signal?: AbortSignal,
): Promise<CheckResult> {
  const script = join(dirname(fileURLToPath(import.meta.url)), 'check-child.ts');
  const result = await world.run(world.node, [script], {
    // On a GPU TensorFlow multiplies in TF32, of 10 bits: right enough to train with, and too coarse to compare.
    env: { TOKENUNIFY_TENSORFLOW: root, NVIDIA_TF32_OVERRIDE: '0' },
    ...(signal ? { signal } : {}),
  });
  if (result.code !== 0) {
    const error = /^\w*Error: .*$/m.exec(result.stderr)?.[0] ?? result.stderr.trim().split('\n').at(-1) ?? '';
    const how = result.signal === undefined ? `exit code ${result.code}` : `killed by ${result.signal}`;
    throw failed(
      `The engine was built but does not run on this machine (${how}${error === '' ? '' : `: ${error.replace(/[.;]$/, '')}`}); run \`npm run setup:tensorflow -- --force\`, and report it if that does not help.`,
    );
  }
  return judge(parse(result.stdout), expectedVersion);
}

/** Throws `failed` for an engine that computes other than the cpu engine, or that is another TensorFlow. */
export function judge(result: CheckResult, expectedVersion: string): CheckResult {
  if (result.version !== expectedVersion)
    throw failed(
      `The engine runs TensorFlow ${result.version} instead of ${expectedVersion}; run \`npm run setup:tensorflow -- --force\`.`,
    );
  const { name, difference } = worst(result);
  // Not `>=`: a NaN must fail.
  if (!(difference < tolerance))
    throw failed(
      `The engine computes ${name} with a relative difference of ${difference.toExponential(1)} from the cpu engine, and ${tolerance.toExponential(0)} is the limit; do not train with it.`,
    );
  return result;
}

/** The least accurate of what was computed. */
export function worst({ differences }: CheckResult): { name: string; difference: number } {
  const entries = Object.entries(differences).map(([name, difference]) => ({ name, difference }));
  const nan = entries.find(({ difference }) => !Number.isFinite(difference));
  return (
    nan ??
    entries.reduce((a, b) => (b.difference > a.difference ? b : a), {
      name: 'nothing',
      difference: -Infinity,
    })
  );
}

function parse(stdout: string): CheckResult {
  const line = stdout.trim().split('\n').at(-1) ?? '';
  try {
    // Written by check-child.ts beside this file; `judge` fails on anything missing.
    return JSON.parse(line) as CheckResult;
  } catch (cause) {
    throw failed(`The check printed no result but "${line.slice(0, 100)}"; report it.`, { cause });
  }
}

/** What the tests of this room share: the command line as a user runs it, and volumes small enough for the cpu engine. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createVolume, wholeBox, type NdArray, type Vec3 } from '@tokenunify/em-io';
import { Random } from '@tokenunify/model';
import type { Terminal } from './progress/reporter.ts';

const BIN = fileURLToPath(new URL('../bin/tokenunify.js', import.meta.url));

/** A file of libs/em-io/fixtures. */
export const emIoFixture = (name: string): string =>
  fileURLToPath(new URL(`../../../libs/em-io/fixtures/${name}`, import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Invocation {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Told of everything on stdout and stderr, as it comes. */
  readonly heard?: (text: string, child: ChildProcess) => void;
}

/** Runs `tokenunify` in a process of its own. */
export function tokenunify(args: readonly string[], options: Invocation = {}): Promise<Ended> {
  const { TOKENUNIFY_DEBUG: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [BIN, ...args], {
    env: { ...inherited, ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.cwd !== undefined && { cwd: options.cwd }),
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
      options.heard?.(text, child);
    });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...said }));
  });
}

/** A directory for one suite; `remove` it afterwards. */
export async function temporaryDirectory() {
  const path = await mkdtemp(join(tmpdir(), 'tokenunify-trainer-'));
  return {
    path,
    join: (...names: string[]): string => join(path, ...names),
    remove: (): Promise<void> => rm(path, { recursive: true, force: true }),
  };
}

/** A volume of bright cells with dark membranes, and its ids: the cells of the nearest of some seeds. */
export function cells(shape: Vec3, seeds = 12) {
  const random = new Random(7);
  const centres = Array.from({ length: seeds }, () => shape.map((side) => random.next() * side));
  const size = shape[0] * shape[1] * shape[2];
  const [raw, labels] = [new Uint8Array(size), new Uint32Array(size)];
  for (let v = 0; v < size; v++) {
    const at = [Math.floor(v / (shape[1] * shape[2])), Math.floor(v / shape[2]) % shape[1], v % shape[2]];
    const distances = centres.map((c) => Math.hypot(c[0]! - at[0]!, c[1]! - at[1]!, c[2]! - at[2]!));
    const [nearest, second] = distances.toSorted((a, b) => a - b);
    labels[v] = 1 + distances.indexOf(nearest!);
    raw[v] = (second! - nearest! < 2 ? 60 : 180) + random.integer(30);
  }
  return {
    raw: { dtype: 'uint8', shape, data: raw },
    labels: { dtype: 'uint32', shape, data: labels },
  } as const satisfies Record<string, NdArray>;
}

/** Writes an array as .npy or .zarr. */
export async function write(path: string, array: NdArray, voxelSize?: Vec3): Promise<string> {
  const [z, y, x] = array.shape.slice(-3) as [number, number, number]; // tests write three or four axes
  const channels = array.shape.length === 4 ? array.shape[0]! : undefined;
  const volume = await createVolume(path, {
    shape: [z, y, x],
    dtype: array.dtype,
    ...(channels !== undefined && { channels }),
    ...(voxelSize && { voxelSize }),
  });
  await volume.write(wholeBox([z, y, x]), array);
  await volume.close();
  return path;
}

/** A terminal that remembers, with a clock that a test sets. */
export function recordingTerminal(interactive: boolean) {
  const said = { out: '', error: '', now: 0 };
  const terminal: Terminal = {
    interactive,
    now: () => said.now,
    out: (text) => void (said.out += text),
    error: (text) => void (said.error += text),
  };
  return { terminal, said };
}

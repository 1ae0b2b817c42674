/** A night as a scheduler starts it: a real server and a real command, each a process of its own, and a small training. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient, type ApiClient } from '@tokenunify/api/client';
import { encodeNpy, type Vec3 } from '@tokenunify/em-io';
import { locateNativeTensorflow } from '@tokenunify/model';
import { syntheticVolume } from '@tokenunify/tools';

const fromHere = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const BIN = fromHere('../../../apps/trainer/bin/tokenunify.js');
const API = fromHere('../../../apps/api/src/main.ts');
const quiet = '--disable-warning=ExperimentalWarning';

/** The native engine trains more in the same time; without it the nights are shorter, and the same holds. */
const native = process.env['NIGHTLY_TEST_ENGINE'] !== 'cpu' && locateNativeTensorflow() !== undefined;
export const engine = native ? 'tensorflow' : 'cpu';
const side = native ? 32 : 16;
export const tile: Vec3 = [side, side, side];
export const enoughSteps = native ? 24 : 12;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** JSON lines of stdout. */
  readonly lines: readonly Line[];
  readonly stderr: string;
  /** The last line. */
  readonly result: Line | undefined;
}
export type Line = Readonly<Record<string, unknown>>;

export interface Invocation {
  readonly heard?: (line: Line, child: ChildProcess) => void;
  /** Started, to be ended whenever. */
  readonly started?: (child: ChildProcess) => void;
}

/** Runs `tokenunify ARGS --json`. */
export function tokenunify(args: readonly string[], { heard, started }: Invocation = {}): Promise<Ended> {
  const child = spawn(process.execPath, [quiet, BIN, ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started?.(child);
  const lines: Line[] = [];
  let [rest, stderr] = ['', ''];
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (stderr += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      const line = JSON.parse(part) as Line;
      lines.push(line);
      heard?.(line, child);
    }
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, lines, stderr, result: lines.at(-1) }));
  });
}

/** The same, which must succeed. */
export async function succeed(...args: string[]): Promise<Line> {
  const { code, stderr, result } = await tokenunify(args);
  if (code !== 0 || result === undefined)
    throw new Error(`tokenunify ${args.join(' ')}: ${code}\n${stderr}${JSON.stringify(result)}`);
  return result;
}

export interface Api {
  readonly url: string;
  readonly client: ApiClient;
  readonly process: ChildProcess;
  stop(): Promise<void>;
}

/** `npm start` with a data directory, and a port that is free or given. */
export async function startApi(data: string, model: string, port = 0): Promise<Api> {
  const args = [quiet, API, '--data', data, '--model', model, '--port', String(port), '--threads', '2'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const said: string[] = [];
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said.push(text);
      const found = /TokenUnify API on (\S+)/.exec(said.join(''));
      if (found?.[1] !== undefined) resolve(found[1]);
    });
    child.on('close', () => reject(new Error(`The server did not start:\n${said.join('')}`)));
  });
  return {
    url,
    client: createClient(url),
    process: child,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

export interface Place {
  readonly path: string;
  at(...names: string[]): string;
  remove(): Promise<void>;
}

export async function temporaryPlace(): Promise<Place> {
  const path = await mkdtemp(join(tmpdir(), 'tokenunify-nightly-'));
  return {
    path,
    at: (...names) => join(path, ...names),
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

/** `<name>.npy` and `<name>-labels.npy`. */
export async function writeVolume(place: Place, name: string, shape: Vec3, seed: number): Promise<void> {
  const { raw, labels } = syntheticVolume({ shape, seed, neuronDiameter: 200 });
  await mkdir(place.path, { recursive: true });
  await writeFile(place.at(`${name}.npy`), encodeNpy({ dtype: 'uint8', shape, data: raw }));
  await writeFile(place.at(`${name}-labels.npy`), encodeNpy({ dtype: 'uint32', shape, data: labels }));
}

/** Volumes, a manifest without entries, and a package whose network was hardly trained. */
export async function prepare(place: Place): Promise<void> {
  await writeVolume(place, 'train', [64, 64, 64], 1);
  await writeVolume(place, 'held-out', [48, 48, 48], 2);
  await writeVolume(place, 'reference', [32, 32, 32], 3);
  await succeed(
    ...['finetune', '--raw', place.at('train.npy'), '--labels', place.at('train-labels.npy')],
    ...['--steps', '1', '--crop', tile.join(','), '--engine', engine, '--out', place.at('first-run')],
  );
  await succeed(
    ...['export', '--checkpoint', place.at('first-run/checkpoint-000001.safetensors'), '--engine', engine],
    ...['--tile', tile.join(','), '--out', place.at('first')],
  );
}

/** Adds an entry with `tokenunify annotate`. */
export async function annotate(
  place: Place,
  manifest: string,
  { volume, box = ':,:,:', split }: { volume: string; box?: string; split: 'train' | 'held-out' },
): Promise<void> {
  await succeed(
    ...['annotate', '--manifest', manifest, '--split', split, '--box', box],
    ...['--raw', place.at(`${volume}.npy`), '--labels', place.at(`${volume}-labels.npy`)],
  );
}

export interface Settings {
  readonly [name: string]: unknown;
  readonly training?: Readonly<Record<string, unknown>>;
  readonly gate?: Readonly<Record<string, unknown>>;
  readonly smokeTest?: Readonly<Record<string, unknown>>;
}

/** Writes a configuration; what is not given suits a night that promotes. */
export async function configure(
  place: Place,
  file: string,
  server: string,
  settings: Settings,
): Promise<string> {
  const { training, gate, smokeTest, ...others } = settings;
  const config = {
    server: { url: server, patienceSeconds: 20 },
    directory: 'nightly',
    manifest: 'annotations.json',
    training: {
      ...{ steps: enoughSteps, rate: 0.003, crop: tile, checkpointEvery: 6, engine, seed: 1 },
      ...training,
    },
    gate: gate ?? { voi: { margin: 0.01 }, adaptedRand: { margin: -0.5 }, speed: { margin: -0.9 } },
    smokeTest: {
      ...{ raw: 'reference.npy', expected: 'reference-labels.npy', maximumVoi: 8, patienceSeconds: 20 },
      ...smokeTest,
    },
    threads: 2,
    ...others,
  };
  await writeFile(place.at(file), JSON.stringify(config, null, 2));
  return place.at(file);
}

export const retrain = (config: string, invocation: Invocation = {}): Promise<Ended> =>
  tokenunify(['retrain', '--config', config], invocation);

export async function reportOf(place: Place, directory = 'nightly'): Promise<Line> {
  return JSON.parse(await readFile(place.at(directory, 'latest.json'), 'utf8')) as Line;
}

/** Told when this step of the night is done. */
export const isDone = (line: Line, step: string): boolean =>
  line['stage'] === 'night' && line['step'] === step;

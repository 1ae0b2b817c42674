/** `tokenunify segment --api` in this process, against a fake server, in a directory of its own. */
import { mkdir, readdir } from 'node:fs/promises';
import { createVolume, openVolume, wholeBox, type NdArray } from '@tokenunify/em-io';
import { createReporter } from '../../../progress/reporter.ts';
import { cells, recordingTerminal, temporaryDirectory } from '../../../testing.fixture.ts';
import type { SegmentCommand } from '../options.ts';
import { runSegmentOverApi } from './index.ts';
import { startFakeServer, type FakeServer, type Fault } from './server.fixture.ts';

/** Twelve chunks of 32 x 32 x 32, in the input as in the upload; two of an output. */
export const shape = [40, 50, 70] as const;
export const CHUNKS = 12;
export const { raw } = cells(shape, 4);
/** What the fake server makes of it. */
export const labelled = (grey: ArrayLike<number>): Uint32Array =>
  Uint32Array.from(grey, (value) => 1 + (value >> 6));
export const expected: Uint32Array = labelled(raw.data);

export interface Ended {
  readonly error: unknown;
  readonly message: string;
  readonly notes: readonly string[];
  readonly stages: readonly unknown[];
  readonly result: Record<string, unknown> | undefined;
}

export interface Bench {
  readonly server: FakeServer;
  /** A path in the directory, which holds raw.zarr. */
  at(name: string): string;
  files(): Promise<string[]>;
  run(
    options?: Partial<SegmentCommand> & { readonly output?: string; readonly input?: string },
    signal?: AbortSignal,
  ): Promise<Ended>;
  read(name: string): Promise<NdArray>;
  /** Requests that fit. */
  count(pattern: RegExp): number;
  /** How often each chunk was stored. */
  chunks(): number[];
  /** A fault that comes the first `times` a request fits. */
  faulty(pattern: RegExp, fault: Fault, times?: number): void;
  close(): Promise<void>;
}

export async function bench(): Promise<Bench> {
  const directory = await temporaryDirectory();
  const server = await startFakeServer();
  const at = (name: string) => directory.join('work', name);
  await mkdir(at('.'));
  const input = await createVolume(at('raw.zarr'), { shape, dtype: 'uint8', chunkShape: [32, 32, 32] });
  await input.write(wholeBox(shape), raw);
  await input.close();
  return {
    server,
    at,
    files: async () => (await readdir(at('.'))).sort(),
    async run(options = {}, signal = new AbortController().signal) {
      const { terminal, said } = recordingTerminal(false);
      const { output = 'out.npy', input = 'raw.zarr', ...more } = options;
      const command = { overwrite: false, json: true, patience: 20, ...more, api: more.api ?? server.url };
      const reporter = createReporter({ json: true, terminal });
      const error: unknown = await runSegmentOverApi(at(input), at(output), command, signal, reporter).then(
        () => undefined,
        (caught: unknown) => caught,
      );
      const lines = said.out
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      return {
        error,
        message: error instanceof Error ? error.message : '',
        notes: lines.filter(({ kind }) => kind === 'note').map(({ text }) => String(text)),
        stages: [...new Set(lines.filter(({ kind }) => kind === 'progress').map(({ stage }) => stage))],
        result: lines.find(({ kind }) => kind === 'result'),
      };
    },
    async read(name) {
      const volume = await openVolume(at(name));
      const array = await volume.read(wholeBox(volume.shape));
      await volume.close();
      return array;
    },
    count: (pattern) => server.requests.filter((request) => pattern.test(request)).length,
    chunks: () => [...server.stored].filter(([key]) => key.includes('/c/')).map(([, times]) => times),
    faulty(pattern, fault, times = 1) {
      server.fault = (request) => (pattern.test(request) && times-- > 0 ? fault : undefined);
    },
    async close() {
      await server.close();
      await directory.remove();
    },
  };
}

export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
}

import type { Server } from 'node:http';
import { encodeNpy, ndArray, type Dtype } from '@tokenunify/em-io';
import { createApp } from './app.ts';
import type { Limits } from './limits.ts';
import { closeServer, listen, urlOf } from './server.ts';
import type { Segmenter, SegmentRequest, SegmentResult } from './segmenter/types.ts';

/** npy bytes of an array filled with one value. */
export function npyOf(dtype: Dtype, shape: readonly number[], value = 100): Uint8Array {
  const array = ndArray(dtype, shape);
  if (typeof array.data[0] === 'number') (array.data as Uint8Array).fill(value); // or another of numbers
  return encodeNpy(array);
}

/** npy bytes whose header says `shape` and whose data are what is given. */
export function lyingNpy(descr: string, shape: string, data: Uint8Array): Uint8Array {
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`;
  const header = text.padEnd(Math.ceil((11 + text.length) / 64) * 64 - 11) + '\n';
  const start = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8];
  return Uint8Array.from([...start, ...new TextEncoder().encode(header), ...data]);
}

export const fakeModel: Segmenter['model'] = {
  name: 'fake',
  version: '1.2.3',
  digest: 'sha256:00',
  preset: 'nano',
  tileShape: [4, 8, 8],
  minimumShape: [2, 4, 4],
};

type Work = (request: SegmentRequest, signal: AbortSignal) => Promise<SegmentResult>;

/** Labels every voxel 1. */
export const allOne: Work = async ({ raw }) => ({
  npy: npyOf('uint32', raw.shape, 1),
  labelCount: 1,
  timings: { tiles: 1.25, labels: 2 },
});

/** A segmenter that does what a test says, and remembers what it was asked. */
export class FakeSegmenter implements Segmenter {
  readonly model = fakeModel;
  readonly requests: SegmentRequest[] = [];
  ready = true;
  running = 0;
  mostAtOnce = 0;
  work: Work;

  constructor(work: Work = allOne) {
    this.work = work;
  }

  async segment(
    request: SegmentRequest,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<SegmentResult> {
    this.requests.push(request);
    this.running++;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.running);
    try {
      return await this.work(request, signal);
    } finally {
      this.running--;
    }
  }
}

/** Work that a test lets end, and that ends when its signal does. */
export function heldWork(): { work: Work; release: () => void; begun: () => Promise<void> } {
  const releases: (() => void)[] = [];
  let onBegin = () => {};
  let open = false;
  return {
    work: (request, signal) => {
      onBegin();
      if (open) return allOne(request, signal);
      return new Promise((resolve, reject) => {
        releases.push(() => resolve(allOne(request, signal)));
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    },
    release: () => {
      open = true;
      releases.splice(0).forEach((release) => release());
    },
    begun: () => new Promise((resolve) => (onBegin = resolve)),
  };
}

export interface TestServer {
  readonly url: string;
  readonly segmenter: FakeSegmenter;
  readonly server: Server;
  close(): Promise<void>;
}

/** A real server on a free port, with a fake segmenter behind it. */
export async function serve(work?: Work, limits?: Partial<Limits>): Promise<TestServer> {
  const segmenter = new FakeSegmenter(work);
  const app = createApp({ segmenter, ...(limits && { limits }) });
  const server = await listen(app.fetch, '127.0.0.1', 0);
  return { url: urlOf(server, '127.0.0.1'), segmenter, server, close: () => closeServer(server, 0) };
}

/** Until something is so, for at most two seconds. */
export async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  if (!condition()) throw new Error('waited for two seconds');
}

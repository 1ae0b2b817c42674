import type { Server } from 'node:http';
import { createApp, type RequestModels } from './app.ts';
import type { Limits } from './limits.ts';
import { npyOf } from './npy.fixture.ts';
import { ApiProblem } from './problem.ts';
import { closeServer, listen, urlOf } from './server.ts';
import type { Segmenter, SegmentRequest, SegmentResult } from './segmenter/types.ts';

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

/** A registry of one version, which the segmenter runs. */
export function registryOf(segmenter: Segmenter): RequestModels {
  const { model } = segmenter;
  const resolve: RequestModels['resolve'] = (reference) => {
    if (['champion', model.digest, model.name].includes(reference)) return { package: model };
    throw new ApiProblem('unknown-model', `There is no model ${reference}; give champion.`);
  };
  return {
    resolve,
    acquire: async (reference) => ({ ...resolve(reference), segmenter, release: () => {} }),
  };
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
  const app = createApp({
    registry: registryOf(segmenter),
    ready: () => segmenter.ready,
    ...(limits && { limits }),
  });
  const server = await listen(app.fetch, '127.0.0.1', 0);
  return { url: urlOf(server, '127.0.0.1'), segmenter, server, close: () => closeServer(server, 0) };
}

/** Until something is so. Threads take a second to start, and longer while other tests run. */
export async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 3000 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  if (!condition()) throw new Error('waited for 30 seconds');
}

import { beforeEach, describe, expect, it } from 'vitest';
import { createApp, type RequestModels } from '../app.ts';
import { npyOf } from '../npy.fixture.ts';
import { ApiProblem } from '../problem.ts';
import type { SegmentRequest } from '../segmenter/types.ts';
import { allOne, fakeModel, FakeSegmenter } from '../testing.fixture.ts';

/** Two versions, of which an alias names one; counts who holds them. */
class Versions implements RequestModels {
  readonly aliases = new Map([['champion', 'sha256:old']]);
  readonly held = new Map<string, number>();
  acquiring: (reference: string) => void = () => {};
  work: (request: SegmentRequest, signal: AbortSignal) => ReturnType<typeof allOne> = allOne;

  resolve(reference: string) {
    const digest = this.aliases.get(reference) ?? reference;
    if (digest === 'sha256:retired') throw new ApiProblem('model-retired', 'It is retired.');
    if (!['sha256:old', 'sha256:new'].includes(digest))
      throw new ApiProblem('unknown-model', 'There is no such model.', { field: 'model' });
    return { package: { ...fakeModel, digest } };
  }

  async acquire(reference: string) {
    this.acquiring(reference);
    const found = this.resolve(reference);
    const { digest } = found.package;
    const change = (by: number) => this.held.set(digest, (this.held.get(digest) ?? 0) + by);
    change(1);
    const segmenter = new FakeSegmenter((request, signal) => this.work(request, signal));
    return { ...found, segmenter, release: () => void change(-1) };
  }
}

let versions: Versions;
beforeEach(() => {
  versions = new Versions();
});

const post = async (query = '', init: RequestInit = {}) =>
  createApp({ registry: versions }).request(`/v1/segment${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-npy' },
    body: npyOf('uint8', [4, 8, 8]) as Uint8Array<ArrayBuffer>, // an array of its own
    ...init,
  });

const codeOf = async (response: Response) => [
  response.status,
  ((await response.json()) as { code: string }).code,
];

const holders = () => [...versions.held.values()].reduce((sum, count) => sum + count, 0);

describe('the model of a request', () => {
  it.each([
    ['', 'sha256:old'],
    ['?model=champion', 'sha256:old'],
    ['?model=sha256%3Anew', 'sha256:new'],
    ['?model=sha256:new', 'sha256:new'],
  ])('is the champion unless it says which: %s', async (query, digest) => {
    const response = await post(query);
    expect([response.status, response.headers.get('tokenunify-model')]).toEqual([200, digest]);
    expect(holders()).toBe(0);
  });

  it.each([
    ['?model=other', 422, 'unknown-model'],
    ['?model=sha256:retired', 409, 'model-retired'],
    ['?model=', 400, 'invalid-parameter'],
    [`?model=${'x'.repeat(201)}`, 400, 'invalid-parameter'],
    ['?model=champion&model=champion', 400, 'invalid-parameter'],
  ])('is refused before the body is read: %s', async (query, status, code) => {
    let read = false;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          read = true;
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const init = { body, duplex: 'half' } as RequestInit;
    expect(await codeOf(await post(query, init))).toEqual([status, code]);
    expect(read).toBe(false);
  });

  it('is the champion of when the work begins, and the answer says which that was', async () => {
    versions.acquiring = () => versions.aliases.set('champion', 'sha256:new');
    expect((await post()).headers.get('tokenunify-model')).toBe('sha256:new');
  });

  it('that cannot be loaded now is told so', async () => {
    versions.acquiring = () => {
      throw new ApiProblem('busy', 'All are at work.', { headers: { 'retry-after': '3' } });
    };
    const response = await post();
    expect(response.headers.get('retry-after')).toBe('3');
    expect(await codeOf(response)).toEqual([429, 'busy']);
  });

  it('is let go of however the work ends', async () => {
    versions.work = () => Promise.reject(new ApiProblem('inference-failed', 'It died.'));
    expect(await codeOf(await post())).toEqual([500, 'inference-failed']);
    expect(holders()).toBe(0);
    const tooSmall = npyOf('uint8', [1, 1, 1]) as Uint8Array<ArrayBuffer>; // as above
    expect(await codeOf(await post('', { body: tooSmall }))).toEqual([422, 'volume-too-small']);
    expect(holders()).toBe(0);
    // a controller gives an error, Node's server a text
    for (const reason of [undefined, 'Error: aborted']) {
      const client = new AbortController();
      versions.work = (_, signal) =>
        new Promise((__, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
          client.abort(reason);
        });
      expect(await codeOf(await post('', { signal: client.signal }))).toEqual([499, 'client-closed-request']);
      expect(holders()).toBe(0);
    }
  });
});

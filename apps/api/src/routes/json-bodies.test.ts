import type { Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createApp } from '../app.ts';
import { closeServer, listen, urlOf } from '../server.ts';
import { FakeRegistry } from './models.fixture.ts';

let registry: FakeRegistry;
let server: Server;
let url: string;
beforeAll(async () => {
  registry = await FakeRegistry.create();
  server = await listen(createApp({ registry }).fetch, '127.0.0.1', 0);
  url = urlOf(server, '127.0.0.1');
});
afterAll(() => closeServer(server, 0));
beforeEach(() => void registry.calls.splice(0));

/** A body that does not say its length. */
function chunked(text: string, piece: number): RequestInit {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(at, (at += piece)));
    },
  });
  return { body, headers: { 'content-type': 'application/json' }, ...({ duplex: 'half' } as RequestInit) };
}

const change = (method: string, path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(url + path, { ...init, method });

describe('JSON, over a real connection', () => {
  it('comes in pieces that do not say how many they are, also through the middle of a character', async () => {
    const body = JSON.stringify({ reason: 'größer' });
    for (const piece of [1, 1000]) {
      expect((await change('POST', '/v1/deployment/rollback', chunked(body, piece))).status).toBe(200);
      expect(registry.calls.at(-1)).toEqual(['rollBack', { reason: 'größer', by: 'anonymous' }]);
    }
  });

  it('may be left out where nothing needs to be said, and nowhere else', async () => {
    expect((await change('POST', '/v1/deployment/rollback')).status).toBe(200);
    expect((await change('PATCH', '/v1/deployment')).status).toBe(415);
    expect(registry.calls).toEqual([['rollBack', { by: 'anonymous' }]]);
  });

  it('is refused when it is too large, before or after it has said so', async () => {
    const large = JSON.stringify({ reason: 'x'.repeat(2 ** 20) });
    const said = { body: large, headers: { 'content-type': 'application/json' } };
    for (const init of [said, chunked(large, 2 ** 16)]) {
      const response = await change('PATCH', '/v1/deployment', init);
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
        413,
        'body-too-large',
      ]);
    }
    expect(registry.calls).toEqual([]);
  });
});

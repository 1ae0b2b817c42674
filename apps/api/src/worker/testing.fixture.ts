import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import type { RequestLog } from '../observe.ts';
import { createWorkerApp } from './app.ts';
import type { Bindings } from './bindings.ts';

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly signal: AbortSignal;
  readonly body: BodyInit | null;
}

/** Stands in for a container: does what a test says, and remembers what it was asked. */
export class FakeContainer {
  readonly asked: Asked[] = [];
  answer: (asked: Asked) => Response | Promise<Response> = () => Response.json({ items: [] });

  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const asked: Asked = {
      method: init.method ?? 'GET',
      url,
      headers: new Headers(init.headers),
      signal: init.signal ?? new AbortController().signal,
      body: init.body ?? null,
    };
    this.asked.push(asked);
    return this.answer(asked);
  };

  get last(): Asked {
    const last = this.asked.at(-1);
    if (last === undefined) throw new Error('The container was not asked.');
    return last;
  }
}

export const bindings: Bindings = {
  VOLUMES: (env as unknown as { VOLUMES: R2Bucket }).VOLUMES, // as vitest.workerd.config.ts binds it
  CONTAINER_URL: 'http://container.test',
  CONTAINER_KEY: 'key-of-the-container',
  ALLOW_ANONYMOUS: 'true',
};

export interface TestWorker {
  readonly container: FakeContainer;
  readonly logged: RequestLog[];
  /** Sends a request to the app, and waits for what it does after it has answered. */
  send(path: string, init?: RequestInit): Promise<Response>;
  json<T>(path: string, init?: RequestInit): Promise<{ status: number; body: T }>;
}

/** The Worker's app in this isolate, with the bucket of workerd and a container that is not there. */
export function testWorker(overrides: Partial<Bindings> = {}): TestWorker {
  const container = new FakeContainer();
  const logged: RequestLog[] = [];
  const app = createWorkerApp({ fetch: container.fetch, log: (entry) => logged.push(entry) });
  const send = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const context = createExecutionContext();
    const request = new Request(`http://worker.test${path}`, init);
    const response = await app.fetch(request, { ...bindings, ...overrides }, context);
    await waitOnExecutionContext(context);
    return response;
  };
  return {
    container,
    logged,
    send,
    json: async <T>(path: string, init?: RequestInit) => {
      const response = await send(path, init);
      return { status: response.status, body: await response.json<T>() };
    },
  };
}

export const posted = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

export const put = (
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): RequestInit => ({
  method: 'PUT',
  headers: { 'content-length': String(body.length), ...headers },
  body,
});

/** Metadata of a one-dimensional uint8 array of `length` in chunks of 2. */
export const zarrJson = (length = 4): string =>
  JSON.stringify({
    zarr_format: 3,
    node_type: 'array',
    shape: [length],
    data_type: 'uint8',
    chunk_grid: { name: 'regular', configuration: { chunk_shape: [2] } },
    chunk_key_encoding: { name: 'default' },
    codecs: [{ name: 'bytes' }],
    fill_value: 0,
  });

export interface ProblemBody {
  readonly code: string;
  readonly detail: string;
  readonly requestId: string;
  readonly field?: string;
  readonly value?: unknown;
}

/** A new volume with metadata and both of its chunks. */
export async function written(worker: TestWorker): Promise<string> {
  const { body } = await worker.json<{ id: string }>('/v1/volumes', posted({ name: 'test' }));
  await worker.send(`/v1/volumes/${body.id}/zarr.json`, put(zarrJson()));
  await worker.send(`/v1/volumes/${body.id}/c/0`, put('ab'));
  await worker.send(`/v1/volumes/${body.id}/c/1`, put('cd'));
  return body.id;
}

import { connect } from 'node:net';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApp } from '../app.ts';
import { createClient } from '../client/index.ts';
import { ApiProblem } from '../problem.ts';
import { closeServer, listen, urlOf } from '../server.ts';
import { until } from '../testing.fixture.ts';
import { FakeRegistry, version } from './models.fixture.ts';

let registry: FakeRegistry;
let server: Server;
let url: string;
beforeEach(async () => {
  registry = await FakeRegistry.create();
  const app = createApp({ registry, limits: { bodyIdleMs: 300 } });
  server = await listen(app.fetch, '127.0.0.1', 0);
  url = urlOf(server, '127.0.0.1');
});
afterEach(() => closeServer(server, 0));

const upload = (
  body: string | ReadableStream<Uint8Array>,
  headers: Record<string, string> = {},
): Promise<Response> =>
  fetch(`${url}/v1/models`, {
    method: 'POST',
    headers: { 'content-type': 'application/zip', ...headers },
    body,
    ...({ duplex: 'half' } as RequestInit), // which streams need, and the type does not know
  });

const codeOf = async (response: Response): Promise<unknown> => {
  const { code } = (await response.json()) as { code: unknown };
  return [response.status, code];
};

/** Pieces of text, then nothing more, or an end. */
const pieces = (texts: readonly string[], then: 'ends' | 'stalls' = 'ends'): ReadableStream<Uint8Array> => {
  const left = [...texts];
  return new ReadableStream({
    pull(controller) {
      const text = left.shift();
      if (text !== undefined) return controller.enqueue(new TextEncoder().encode(text));
      if (then === 'ends') return controller.close();
      return new Promise<void>(() => {});
    },
  });
};

describe('an upload', () => {
  it('streams to the registry, and the answer says where the version is', async () => {
    const response = await upload(pieces(['P', 'K', '1']));
    expect([response.status, response.headers.get('location')]).toEqual([201, version.links.self]);
    expect(await response.json()).toEqual(version);
    expect(registry.received).toBe('PK1');
    expect(registry.calls).toEqual([['upload', { by: 'anonymous', length: undefined }]]);
  });

  it('says its length before it comes', async () => {
    await upload('PK12');
    expect(registry.calls).toEqual([['upload', { by: 'anonymous', length: 4 }]]);
  });

  it('of what is there already is a 200', async () => {
    registry.uploading = async (archive) => {
      await archive.cancel();
      return { model: version, created: false };
    };
    const response = await upload('PK');
    expect([response.status, response.headers.get('location')]).toEqual([200, version.links.self]);
  });

  it.each([
    [{ 'content-type': 'application/gzip' }, 'unsupported-content-type', 415],
    [{ 'content-encoding': 'gzip' }, 'unsupported-content-encoding', 415],
  ])('of another type is refused, and the registry is not asked: %o', async (headers, code, status) => {
    expect(await codeOf(await upload('PK', headers))).toEqual([status, code]);
    expect(registry.calls).toEqual([]);
  });

  it('takes application/zip however it is written', async () => {
    expect((await upload('PK', { 'content-type': 'Application/ZIP; x=y' })).status).toBe(201);
  });

  it.each([
    ['says so', ''],
    ['does not say so', pieces([])],
  ])('of nothing that %s is told how to send something', async (_, body) => {
    const response = await upload(body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: 'body-missing',
      detail: expect.stringContaining('--data-binary'),
    });
  });

  it('that stalls is given up, and so is the archive', async () => {
    expect(await codeOf(await upload(pieces(['PK'], 'stalls')))).toEqual([408, 'body-stalled']);
    expect(registry.received).toBe('PK');
  });

  it('that is refused before it has come is refused at once', async () => {
    registry.problem = new ApiProblem('body-too-large', 'It has too many bytes.');
    const response = await upload(pieces(['PK'], 'stalls'));
    expect(response.headers.get('connection')).toBe('close');
    expect(await codeOf(response)).toEqual([413, 'body-too-large']);
  });

  it('whose sender leaves is heard of by the registry, and its place is free', async () => {
    let failure: unknown;
    let signal: AbortSignal | undefined;
    registry.uploading = async (archive, options) => {
      ({ signal } = options);
      try {
        for await (const _ of archive);
      } catch (error) {
        failure = error;
        throw error;
      }
      return { model: version, created: true };
    };
    for (let i = 0; i < 3; i++) {
      const before = registry.calls.length;
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      await once(socket, 'connect');
      socket.write(
        'POST /v1/models HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/zip\r\ncontent-length: 100\r\n\r\nPK',
      );
      await until(() => registry.calls.length > before);
      failure = undefined;
      socket.destroy();
      await until(() => failure !== undefined);
      expect(signal?.aborted).toBe(true);
    }
  });

  it('is one of few at once', async () => {
    let open = () => {};
    const held = new Promise<void>((resolve) => (open = resolve));
    registry.uploading = async () => {
      await held;
      return { model: version, created: true };
    };
    const first = [upload('PK'), upload('PK')];
    await until(() => registry.calls.length === 2);
    const third = await upload('PK');
    expect(third.headers.get('retry-after')).toBe('1');
    expect(await codeOf(third)).toEqual([429, 'busy']);
    open();
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([201, 201]);
  });
});

describe('the client', () => {
  it('uploads bytes, blobs and streams to a real server, and reads files back', async () => {
    const api = createClient(url);
    const bytes = new TextEncoder().encode('PK');
    for (const archive of [bytes, new Blob([bytes]), pieces(['P', 'K'])]) {
      registry.received = '';
      expect(await api.uploadModel(archive)).toEqual({ model: version, created: true });
      expect(registry.received).toBe('PK');
    }
    expect(await (await api.modelFile('champion', 'model.onnx')).text()).toBe('0123456789');
    await expect(api.modelFile('champion', 'none')).rejects.toMatchObject({ code: 'model-file-not-found' });
  });

  it('stops an upload with its signal, which the registry hears of', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    let signal: AbortSignal | undefined;
    registry.uploading = (_, options) => {
      ({ signal } = options);
      return new Promise((__, reject) =>
        options.signal.addEventListener('abort', () => reject(options.signal.reason)),
      );
    };
    const uploading = createClient(url).uploadModel(pieces(['PK'], 'stalls'), { signal: controller.signal });
    await until(() => signal !== undefined);
    controller.abort(reason);
    await expect(uploading).rejects.toBe(reason);
    await until(() => signal?.aborted === true);
  });
});

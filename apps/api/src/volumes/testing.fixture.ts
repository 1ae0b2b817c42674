import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '../app.ts';
import { openDatabase } from '../database.ts';
import { closeServer, listen, urlOf } from '../server.ts';
import { FakeSegmenter, registryOf } from '../testing.fixture.ts';
import type { DirectoryVolumeStore, VolumeStoreOptions } from './directory-store.ts';
import { createVolumeStore } from './store.ts';
import type { VolumeJson } from './types.ts';

export interface VolumeServer {
  readonly url: string;
  readonly directory: string;
  readonly store: DirectoryVolumeStore;
  /** A job that reads, as `usedBy` says. */
  user: string | undefined;
  /** Another store over the same directory and database. */
  another(options?: Partial<VolumeStoreOptions>): DirectoryVolumeStore;
  /** The same, as after a restart. */
  restarted(options?: Partial<VolumeStoreOptions>): Promise<DirectoryVolumeStore>;
  create(): Promise<VolumeJson>;
  close(): Promise<void>;
}

/** A real server on a free port, with a store in a directory of its own. */
export async function serveVolumes(
  options: Partial<VolumeStoreOptions> = {},
  parent: string = tmpdir(),
): Promise<VolumeServer> {
  const root = await mkdtemp(join(parent, 'volumes-'));
  const directory = options.directory ?? join(root, 'volumes');
  const database = join(root, 'state.sqlite');
  const databases: ReturnType<typeof openDatabase>[] = [];
  const user: { id: string | undefined } = { id: undefined };
  const storeWith = (more: Partial<VolumeStoreOptions>) => {
    const db = openDatabase(database);
    databases.push(db);
    return createVolumeStore({
      db,
      directory,
      usedBy: () => user.id,
      now: Date.now,
      random: Math.random,
      ...options,
      ...more,
    });
  };
  const store = storeWith({});
  const app = createApp({ registry: registryOf(new FakeSegmenter()), volumes: store });
  const server = await listen(app.fetch, '127.0.0.1', 0);
  return {
    url: urlOf(server, '127.0.0.1'),
    directory,
    store,
    get user() {
      return user.id;
    },
    set user(id) {
      user.id = id;
    },
    another: (more = {}) => storeWith(more),
    restarted: async (more = {}) => {
      const again = storeWith(more);
      await again.recover();
      return again;
    },
    create: () => store.create({}),
    close: async () => {
      await closeServer(server, 0);
      databases.forEach((db) => db.close());
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** Metadata of a Zarr v3 array of bytes. */
export const arrayOf = (
  shape: readonly number[],
  chunk: readonly number[],
  more: Record<string, unknown> = {},
): string =>
  JSON.stringify({
    zarr_format: 3,
    node_type: 'array',
    shape,
    data_type: 'uint8',
    chunk_grid: { name: 'regular', configuration: { chunk_shape: chunk } },
    chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
    fill_value: 0,
    codecs: [{ name: 'bytes' }],
    attributes: {},
    ...more,
  });

/** A stream of pieces, as a request's body. */
export function bodyOf(...pieces: readonly (Uint8Array | string)[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => {
      for (const piece of pieces) {
        controller.enqueue(typeof piece === 'string' ? new TextEncoder().encode(piece) : piece);
      }
      controller.close();
    },
  });
}

export const never: AbortSignal = new AbortController().signal;

export interface Sent {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** Parsed, where it is JSON. */
  readonly json: Record<string, unknown>;
}

/** Requests to a server that comes later, as tests write them. */
export function requestsTo(server: () => VolumeServer) {
  const send = async (method: string, path: string, init: RequestInit = {}): Promise<Sent> => {
    const response = await fetch(server().url + path, { method, ...init });
    const body = await response.text();
    const isJson = body !== '' && (response.headers.get('content-type')?.includes('json') ?? false);
    return { status: response.status, headers: response.headers, body, json: isJson ? JSON.parse(body) : {} };
  };
  const put = (path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
    send('PUT', path, { body, headers });
  return {
    send,
    put,
    get: (path: string, headers: Record<string, string> = {}) => send('GET', path, { headers }),
    post: (path: string, json: unknown) =>
      send('POST', path, { body: JSON.stringify(json), headers: { 'content-type': 'application/json' } }),
    /** The url of an open volume of one array with four chunks, and these of them written. */
    openWith: async (...keys: readonly string[]): Promise<string> => {
      const { url } = await server().create();
      const written = [await put(`${url}/zarr.json`, arrayOf([4, 4], [2, 2]))];
      for (const key of keys) written.push(await put(`${url}/${key}`, 'abcd'));
      if (written.some(({ status }) => status !== 201)) throw new Error('not written');
      return url;
    },
  };
}

export const FULL: readonly string[] = ['c/0/0', 'c/0/1', 'c/1/0', 'c/1/1'];

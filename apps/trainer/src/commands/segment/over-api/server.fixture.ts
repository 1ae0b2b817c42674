/**
 * A server of the contract for the tests of this room, which may not import the real one: volumes are directories, a job
 * turns grey values into four labels. It can be cut off, restarted and made to fail in the middle of anything.
 */
import { mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createVolume, openVolume, wholeBox } from '@tokenunify/em-io';

interface StoredVolume {
  readonly id: string;
  readonly name?: string;
  state: 'open' | 'sealed';
}

export interface FakeJob {
  readonly id: string;
  state: 'queued' | 'running' | 'succeeded' | 'failed' | 'canceled';
  readonly request: Record<string, unknown> & { readonly input: { readonly volume: string } };
  readonly events: object[];
  result?: Record<string, unknown>;
  error?: { readonly code: string; readonly detail: string };
}

/** What happens to a request instead of, or in the middle of, its answer. */
export type Fault =
  'cut' | 'cut-answer' | 'silent-success' | { readonly status: number; readonly code: string };

export interface FakeServer {
  readonly url: string;
  readonly volumes: Map<string, StoredVolume>;
  readonly jobs: Map<string, FakeJob>;
  /** `METHOD /path` of all requests. */
  readonly requests: string[];
  /** How often each key was stored. */
  readonly stored: Map<string, number>;
  key: string | undefined;
  fault: (request: string) => Fault | undefined;
  /** How jobs end: with these failures first. */
  readonly failures: { readonly code: string; readonly detail: string }[];
  readonly warnings: { readonly code: string; readonly detail: string }[];
  /** ms between events of a job. */
  pace: number;
  /** ms before an answer. */
  delay: number;
  /** When it has done what it was asked, also by a process that is gone. */
  idle(): Promise<void>;
  /** Ends connections and listens no more; `start` goes on with the same volumes and jobs. */
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

const STAGES = ['tiles', 'affinities', 'fragments', 'graph', 'agglomeration', 'labels'];
const at = '2026-01-01T00:00:00.000Z';
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export async function startFakeServer(): Promise<FakeServer> {
  const directory = await mkdtemp(join(tmpdir(), 'tokenunify-fake-server-'));
  const keys = new Map<string, { readonly body: string; readonly job: string }>();
  let server: Server | undefined;
  let port = 0;
  let next = 1;
  let busy = 0;
  const idOf = (prefix: string) => `${prefix}_${String(next++).padStart(20, '0')}`;
  const fake: FakeServer = {
    get url() {
      return `http://127.0.0.1:${port}`;
    },
    volumes: new Map(),
    jobs: new Map(),
    requests: [],
    stored: new Map(),
    key: undefined,
    fault: () => undefined,
    failures: [],
    warnings: [],
    pace: 2,
    delay: 0,
    async idle() {
      while (busy > 0) await wait(1);
    },
    async start() {
      server = createServer((request, response) => {
        busy++;
        answer(request, response)
          .catch((error: unknown) => response.destroy(error as Error))
          .finally(() => busy--);
      });
      await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve));
      port = (server.address() as AddressInfo).port;
    },
    async stop() {
      const closed = new Promise((resolve) => server?.close(resolve));
      server?.closeAllConnections();
      await closed;
    },
    async close() {
      await fake.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };

  const volumeJson = (volume: StoredVolume) => ({
    ...volume,
    ...{ url: `/v1/volumes/${volume.id}`, createdAt: at, bytes: 0, arrays: [] },
  });
  const jobJson = ({ id, state, request, result, error }: FakeJob) => ({
    ...{ id, state, input: request.input, box: { start: [0, 0, 0], stop: [1, 1, 1] }, createdAt: at },
    model: { name: 'fake', version: '1', digest: 'sha256:fake' },
    ...{ warnings: fake.warnings, result, error, links: {} },
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '', fake.url);
    const method = request.method ?? '';
    fake.requests.push(`${method} ${pathname}`);
    const fault = fake.fault(`${method} ${pathname}`);
    if (fake.delay > 0) await wait(fake.delay);
    if (fault === 'cut') return void request.socket.destroy();
    if (fault !== undefined && typeof fault !== 'string') return problem(response, fault.status, fault.code);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (fault === 'cut-answer') {
      response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': '1000' });
      response.write('{"half');
      await wait(5);
      return void request.socket.destroy();
    }
    const json = (status: number, body: unknown) => {
      if (fault === 'silent-success') return void request.socket.destroy();
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const open = pathname === '/healthz';
    if (!open && fake.key !== undefined && request.headers.authorization !== `Bearer ${fake.key}`)
      return problem(response, 401, 'unauthorized');
    if (open) return json(200, { status: 'ok', model: { name: 'fake', minimumShape: [4, 4, 4] } });
    const parts = pathname.split('/').slice(2);
    const body = Buffer.concat(chunks);
    return parts[0] === 'volumes'
      ? answerVolumes(method, parts.slice(1), body, json, response)
      : answerJobs(method, parts.slice(1), body, json, request, response);
  }

  type Json = (status: number, body: unknown) => void;

  async function answerVolumes(
    method: string,
    [id, ...rest]: string[],
    body: Buffer,
    json: Json,
    response: ServerResponse,
  ): Promise<void> {
    if (id === undefined && method === 'GET')
      return json(200, { items: [...fake.volumes.values()].reverse().map(volumeJson) });
    if (id === undefined) {
      const volume: StoredVolume = {
        id: idOf('vol'),
        state: 'open',
        ...(JSON.parse(String(body)) as object),
      };
      fake.volumes.set(volume.id, volume);
      return json(201, volumeJson(volume));
    }
    const volume = fake.volumes.get(id);
    if (!volume) return problem(response, 404, 'volume-not-found');
    const key = rest.join('/');
    const file = join(directory, id, key);
    if (key === '' && method === 'GET') return json(200, volumeJson(volume));
    if (key === '') {
      fake.volumes.delete(id);
      await rm(join(directory, id), { recursive: true, force: true });
      return void response.writeHead(204).end();
    }
    if (key === 'seal' && method === 'POST') {
      const there = (await readdir(join(directory, id), { recursive: true })).filter((name) =>
        /c\/.*\d$/.test(name),
      );
      const files = there.filter((name) => name.split('/').length === 4).length;
      const { chunks } = JSON.parse(String(body)) as { chunks: number };
      if (files !== chunks) return problem(response, 409, 'volume-incomplete');
      volume.state = 'sealed';
      return json(200, volumeJson(volume));
    }
    if (method === 'PUT') {
      if (volume.state === 'sealed') return problem(response, 409, 'volume-sealed');
      await mkdir(dirname(file), { recursive: true });
      const part = `${file}.${next++}.part`; // the same key may be on its way twice
      await writeFile(part, body);
      await rename(part, file);
      const whole = `${id}/${key}`;
      fake.stored.set(whole, (fake.stored.get(whole) ?? 0) + 1);
      return json(201, {});
    }
    const found = await stat(file).catch(() => undefined);
    if (!found?.isFile()) return problem(response, 404, 'key-not-found');
    response.writeHead(200, { 'content-length': String(found.size) });
    response.end(method === 'HEAD' ? undefined : await readFile(file));
  }

  async function answerJobs(
    method: string,
    [id, action]: string[],
    body: Buffer,
    json: Json,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    if (id === undefined) {
      const text = String(body);
      const key = String(request.headers['idempotency-key']);
      const known = keys.get(key);
      if (known && known.body !== text) return problem(response, 422, 'idempotency-key-reused');
      const job = known && fake.jobs.get(known.job);
      if (job) return json(202, jobJson(job));
      const asked = JSON.parse(text) as FakeJob['request'];
      if (fake.volumes.get(asked.input.volume)?.state !== 'sealed')
        return problem(response, 409, 'volume-unsealed');
      const made: FakeJob = { id: idOf('seg'), state: 'queued', request: asked, events: [] };
      fake.jobs.set(made.id, made);
      keys.set(key, { body: text, job: made.id });
      void work(made);
      return json(202, jobJson(made));
    }
    const job = fake.jobs.get(id);
    if (!job) return problem(response, 404, 'segmentation-not-found');
    const stopped = job.state === 'failed' || job.state === 'canceled';
    if (action === 'events') return stream(job, Number(request.headers['last-event-id'] ?? 0), response);
    if (action === 'cancel') {
      if (!stopped && job.state !== 'succeeded') job.state = 'canceled';
      return json(200, jobJson(job));
    }
    if (action === 'resume') {
      if (!stopped) return problem(response, 409, 'segmentation-active');
      job.state = 'queued';
      void work(job);
      return json(202, jobJson(job));
    }
    if (method === 'GET') return json(200, jobJson(job));
    if (job.state === 'queued' || job.state === 'running')
      return problem(response, 409, 'segmentation-active');
    fake.jobs.delete(id);
    fake.volumes.delete(String(job.result?.['volume']));
    response.writeHead(204).end();
  }

  async function stream(job: FakeJob, after: number, response: ServerResponse): Promise<void> {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (let seq = after; !response.destroyed;) {
      if (seq < job.events.length) {
        response.write(`id: ${seq + 1}\ndata: ${JSON.stringify(job.events[seq])}\n\n`);
        seq++;
        if (fake.fault('EVENT') === 'cut') return void response.destroy();
      } else if (job.state !== 'queued' && job.state !== 'running') return void response.end();
      else await wait(1);
    }
  }

  async function work(job: FakeJob): Promise<void> {
    const say = (event: object) => job.events.push({ at, ...event });
    job.state = 'running';
    say({ type: 'state', state: 'running' });
    for (const [index, stage] of STAGES.entries()) {
      await wait(fake.pace);
      if (job.state !== 'running') return;
      const fraction = (index + 1) / STAGES.length;
      say({ type: 'progress', progress: { stage, done: 1, total: 1, unit: 'tasks', fraction } });
    }
    const failure = fake.failures.shift();
    if (failure) {
      job.error = failure;
      job.state = 'failed';
      return;
    }
    delete job.error;
    const result = await segment(job);
    // canceled or deleted meanwhile
    if (fake.jobs.get(job.id)?.state !== 'running') return void fake.volumes.delete(String(result['volume']));
    job.result = result;
    job.state = 'succeeded';
  }

  async function segment({ request }: FakeJob): Promise<Record<string, unknown>> {
    const raw = await openVolume(join(directory, request.input.volume));
    const { data, shape } = await raw.read(wholeBox(raw.shape));
    const labels = Uint32Array.from(data as Uint8Array, (grey) => 1 + (grey >> 6));
    const made: StoredVolume = { id: idOf('vol'), state: 'sealed' };
    const path = join(directory, `${made.id}.zarr`);
    const options = { shape: raw.shape, dtype: 'uint32', chunkShape: [24, 24, 24] } as const;
    const result = await createVolume(path, options);
    await result.write(wholeBox(raw.shape), { dtype: 'uint32', shape, data: labels });
    await result.close();
    await rename(path, join(directory, made.id));
    await raw.close();
    fake.volumes.set(made.id, made);
    const labelCount = labels.reduce((most, label) => Math.max(most, label), 0);
    return {
      volume: made.id,
      url: `/v1/volumes/${made.id}`,
      shape,
      labelCount,
      fragmentCount: 9,
      seconds: 0,
    };
  }

  await fake.start();
  return fake;
}

function problem(response: ServerResponse, status: number, code: string): void {
  const body = { type: `urn:${code}`, title: code, status, code, detail: `It is ${code}.`, requestId: 'r' };
  response.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(body));
}

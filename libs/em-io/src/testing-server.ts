/** An HTTP server over a directory that takes PUT, and fails as a test tells it to. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';

/** One request, as the tests see it. */
export interface Seen {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  /** How many requests for the same method and URL came before. */
  readonly before: number;
}

/** What goes wrong with an answer. */
export type Fault =
  | {
      readonly kind:
        'drop' | 'drop-midway' | 'hang' | 'hang-midway' | 'short' | 'no-range' | 'chunked-no-range';
    }
  | { readonly kind: 'shifted' | 'unlabelled-range' | 'compressed-range' | 'endless' | 'slow' }
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    };

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly seen: Seen[];
  /** Decides on every request; set at any time. */
  fault: (request: Seen) => Fault | undefined;
}

export async function testServer(root: string): Promise<TestServer> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '', headers } = request;
    const before = seen.filter((other) => other.method === method && other.url === url).length;
    const entry: Seen = { method, url, headers, before };
    seen.push(entry);
    const body: Uint8Array[] = [];
    for await (const piece of request) body.push(piece as Uint8Array);
    const fault = self.fault(entry);
    if (fault?.kind === 'drop') return void request.socket.destroy();
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'status') {
      return void response.writeHead(fault.status, fault.headers).end(fault.body);
    }
    const path = join(root, decodeURIComponent(new URL(url, 'http://host').pathname));
    if (method === 'PUT') {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, Buffer.concat(body));
      return void response.writeHead(201).end();
    }
    const content = await readFile(path).catch(() => undefined);
    if (!content) return void response.writeHead(404).end('nothing here');
    send(response, content, headers.range, fault);
  };
  const self: TestServer = {
    url: '',
    seen,
    fault: () => undefined,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(self, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

function send(response: ServerResponse, content: Buffer, range: string | undefined, fault?: Fault): void {
  const kind = fault?.kind;
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(range ?? '') ?? [];
  let part = content;
  let status = 200;
  const headers: Record<string, string | number> = { etag: `"${content.length}-${content.at(-1) ?? ''}"` };
  if (range !== undefined && kind !== 'no-range' && kind !== 'chunked-no-range') {
    const size = content.length;
    let start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
    let stop = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
    if (start >= size) {
      return void response.writeHead(416, { 'content-range': `bytes */${size}` }).end();
    }
    if (kind === 'shifted') [start, stop] = [Math.max(0, start - 1), stop - 1];
    part = content.subarray(start, stop);
    status = 206;
    if (kind !== 'unlabelled-range') headers['content-range'] = `bytes ${start}-${stop - 1}/${size}`;
    if (kind === 'compressed-range') headers['content-encoding'] = 'x-own';
  }
  if (kind === 'endless') {
    response.writeHead(status, headers);
    const more = () => {
      while (!response.destroyed && response.write(new Uint8Array(65_536)));
    };
    response.on('drain', more);
    return more();
  }
  if (kind === 'short') part = part.subarray(0, part.length - 1);
  if (kind !== 'chunked-no-range') headers['content-length'] = part.length;
  response.writeHead(status, headers);
  if (kind === 'slow') {
    const quarter = Math.ceil(part.length / 4);
    const next = (at: number): void => {
      if (at >= part.length) return void response.end();
      response.write(part.subarray(at, at + quarter));
      setTimeout(() => next(at + quarter), 130);
    };
    return next(0);
  }
  if (kind === 'drop-midway' || kind === 'hang-midway') {
    response.write(part.subarray(0, Math.floor(part.length / 2)), () => {
      if (kind === 'drop-midway') response.destroy();
    });
    return;
  }
  response.end(part);
}

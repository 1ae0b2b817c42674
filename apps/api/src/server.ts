import { createServer, maxHeaderSize, STATUS_CODES, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { ModelPackage } from '@tokenunify/model';
import { createApp } from './app.ts';
import { accessPolicy } from './keys/policy.ts';
import type { Limits } from './limits.ts';
import { ApiProblem } from './problem.ts';
import { requestIdOf, type RequestLog } from './observe.ts';
import { openService, type ServiceOptions } from './service.ts';

export interface ServerOptions extends ServiceOptions {
  readonly host?: string;
  /** Default 0: any that is free. */
  readonly port?: number;
  readonly limits?: Partial<Limits>;
  readonly log?: (entry: RequestLog) => void;
}

export interface RunningServer extends AsyncDisposable {
  readonly url: string;
  /** The champion as it is now. */
  readonly model: ModelPackage;
  /** What whoever starts the server should know of its models, a sentence each. */
  readonly notices: readonly string[];
  /** One line about who may use it. */
  readonly access: string;
  /**
   * Takes no new requests, gives those that run `graceMs` (default 30 s), then cancels them. Jobs are interrupted, and go
   * on when a server is started with the same data directory.
   */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

/**
 * The API on a port, with one inference process for each version that is loaded and threads for what follows it.
 *
 * @throws ModelError a package that cannot be read or run; DirectoryInUse; ConfigError a host that others reach, and no API
 *   key; the system's error when the port is taken
 * @example
 *     const server = await startServer({ model: 'models/default', data: '.tokenunify-data' });
 *     await fetch(`${server.url}/healthz`);
 *     await server.close();
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { limits, log, host = '127.0.0.1', port = 0 } = options;
  // the champion is loaded now, and not with the first request
  const service = await openService(options);
  try {
    const { volumes, segmentations, registry, notices, authorize } = service;
    const { notice } = accessPolicy({ host, keyCount: service.keys.count() });
    const app = createApp({
      ...{ registry, volumes, segmentations, authorize },
      ready: () => registry.ready,
      serving: () => registry.serving,
      ...(limits && { limits }),
      ...(log && { log }),
    });
    const server = await listen(app.fetch, host, port);
    const close = async ({ graceMs = 30_000 } = {}): Promise<void> => {
      registry.drain();
      segmentations.drain();
      await closeServer(server, graceMs);
      await service.close();
    };
    return {
      ...{ url: urlOf(server, host), notices, access: notice, close },
      get model() {
        return registry.resolve('champion').package;
      },
      [Symbol.asyncDispose]: () => close(),
    };
  } catch (error) {
    await service.close();
    throw error;
  }
}

/** A listening HTTP server in front of a fetch function; also what tests put a segmenter of their own behind. */
export function listen(fetch: Fetch, host: string, port: number): Promise<Server> {
  // The global Request and Response stay the platform's: other code in this process uses them too.
  const listener = getRequestListener(lastOfConnection(fetch), {
    overrideGlobalObjects: false,
    errorHandler: answerBadRequest,
  });
  const server = createServer(listener);
  server.on('clientError', answerClientError);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}

/**
 * A refusal may come before the body has: the server then cuts the connection, and a client that keeps connections must
 * not send its next request on that one.
 */
function lastOfConnection(fetch: Fetch): Fetch {
  return async (request) => {
    const response = await fetch(request);
    if (response.status >= 400 && mayBeArriving(request)) response.headers.set('connection', 'close');
    return response;
  };
}

/** A value, which may be long in coming; or more than what surely came together with the headers. */
function mayBeArriving({ method, headers }: Request): boolean {
  if (method === 'GET' || method === 'HEAD') return false;
  if (method === 'PUT' || headers.has('transfer-encoding')) return true;
  return Number(headers.get('content-length') ?? 0) > 4096;
}

type Fetch = (request: Request) => Response | Promise<Response>;

export function urlOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo; // a TCP server that listens
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Lets requests end within the grace period, then cuts their connections, which aborts their work. */
export function closeServer(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    // A connection that has been answered would stay open for its keep-alive time.
    const sweep = setInterval(() => server.closeIdleConnections(), 50);
    server.close(() => {
      clearTimeout(timer);
      clearInterval(sweep);
      resolve();
    });
  });
}

/** What is HTTP, but no Request, as for want of a usable Host. */
function answerBadRequest(error: unknown): Response {
  const reason = error instanceof Error ? error.message : String(error);
  return refuse(
    new ApiProblem('malformed-request', `The request is not one (${reason}); send a valid Host and URL.`),
  );
}

function refuse(problem: ApiProblem): Response {
  const requestId = requestIdOf(undefined);
  const response = problem.toResponse(requestId);
  response.headers.set('x-request-id', requestId);
  return response;
}

/** What Node's parser refuses never becomes a Request; it gets a problem and an id all the same. */
async function answerClientError(error: NodeJS.ErrnoException, socket: Socket): Promise<void> {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
  const response = refuse(parserProblem(error));
  const body = await response.text();
  const head = [`HTTP/1.1 ${response.status} ${STATUS_CODES[response.status]}`, 'connection: close'];
  response.headers.set('content-length', String(Buffer.byteLength(body)));
  response.headers.forEach((value, name) => head.push(`${name}: ${value}`));
  socket.end([...head, '', body].join('\r\n'));
}

function parserProblem({ code, message }: NodeJS.ErrnoException): ApiProblem {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new ApiProblem(
      'request-timeout',
      'The request took too long to arrive; send it faster, or a smaller one.',
    );
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new ApiProblem(
      'headers-too-large',
      `The headers have more than ${maxHeaderSize} bytes; send fewer.`,
      {
        field: 'headers',
        limit: maxHeaderSize,
      },
    );
  }
  return new ApiProblem(
    'malformed-request',
    `The request cannot be parsed (${code ?? message}); send valid HTTP/1.1.`,
  );
}

import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';
import { isApiProblem, type ApiProblem } from '../problem.ts';
import { createGuardedFetch, type GuardedFetch, type GuardOptions } from './guarded-fetch.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** A server on every address of this machine; remembers what came, and to which address. */
export async function serve(listener: RequestListener = (_, response) => response.end('here')) {
  const seen: { url: string; at: string; headers: IncomingMessage['headers'] }[] = [];
  const server: Server = createServer((request, response) => {
    const at = (request.socket.localAddress ?? '').replace('::ffff:', '');
    seen.push({ url: request.url ?? '', at, headers: request.headers });
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  open.push({
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  });
  const { port } = server.address() as AddressInfo; // a TCP server that listens
  return { port, seen };
}

/** A guard that ends with its test. */
export function guard(options: GuardOptions = {}): GuardedFetch {
  const guarded = createGuardedFetch(options);
  open.unshift(guarded); // before the servers
  return guarded;
}

/** What an answer is refused with. */
export async function problemOf(answer: Promise<unknown>): Promise<ApiProblem> {
  try {
    await answer;
  } catch (error) {
    if (isApiProblem(error)) return error;
    throw error;
  }
  throw new Error('it was answered');
}

export const redirectTo =
  (to: string, status = 302): RequestListener =>
  (_, response) => {
    response.writeHead(status, { location: to }).end('elsewhere');
  };

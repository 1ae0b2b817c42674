import { createServer, type AddressInfo } from 'node:net';
import { DevCloudError } from './errors.ts';

const HOST = '127.0.0.1';

/** A port of this machine that nobody listens on now. */
export const freePort = (): Promise<number> => listenOnce(0);

/** @throws DevCloudError somebody does already */
export async function requireFree(port: number): Promise<void> {
  try {
    await listenOnce(port);
  } catch (cause) {
    throw new DevCloudError(
      `Port ${port} is taken; stop what listens there, or choose another with --port.`,
      { cause },
    );
  }
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, HOST, () => {
      const { port: chosen } = server.address() as AddressInfo; // a TCP server that listens
      server.close(() => resolve(chosen));
    });
  });
}

/** Starts a container process and a Worker in front of it, both on this machine. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startChild, type Child } from './child.ts';
import { DevCloudError } from './errors.ts';
import type { DevCloudOptions } from './options.ts';
import { Leftovers } from './leftovers.ts';
import { freePort, requireFree } from './ports.ts';

export interface DevCloud {
  /** Of the Worker. */
  readonly url: string;
  readonly containerUrl: string;
  /** Rejects with one sentence when one of the two ends. */
  readonly failed: Promise<never>;
  /** Ends both; afterwards nothing is left running. */
  stop(): Promise<void>;
}

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const SCOPED_KEY = ['create', '--name', 'dev-cloud', '--all-scopes'];
const START_MS = 120_000;

/**
 * @param onLine hears what the two print
 * @throws DevCloudError a port that is taken, or one of the two that does not come up
 * @example
 *     const cloud = await startDevCloud({ port: 8787, data: '/tmp/cloud' }, { onLine: console.log, signal });
 *     await fetch(`${cloud.url}/healthz`);
 *     await cloud.stop();
 */
export async function startDevCloud(
  options: DevCloudOptions,
  { onLine, signal }: { readonly onLine: (line: string) => void; readonly signal: AbortSignal },
): Promise<DevCloud> {
  const { port, data } = options;
  const leftovers = new Leftovers(data);
  await leftovers.end();
  await requireFree(port);
  const url = `http://127.0.0.1:${port}`;
  const containerPort = await freePort();
  const containerUrl = `http://127.0.0.1:${containerPort}`;
  await mkdir(join(data, 'worker'), { recursive: true });
  const key = await containerKey(join(data, 'container'));
  const children: Child[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(children.map((child) => child.stop()));
    await leftovers.forget();
  };
  const started = async (child: Child, probe: string): Promise<void> => {
    children.push(child);
    if (child.pid > 1) await leftovers.add(child.pid);
    const over = new AbortController();
    const up = answers(probe, AbortSignal.any([signal, over.signal]));
    up.catch(() => {});
    try {
      await Promise.race([child.ended, up]);
    } finally {
      over.abort();
    }
  };
  try {
    // One after the other: the container claims the directory, and what belongs to the Worker lies in it.
    await started(startContainer({ ...options, containerPort, key, url, onLine }), `${containerUrl}/readyz`);
    await started(await startWorker({ ...options, containerUrl, key, url, onLine }), `${url}/readyz`);
  } catch (error) {
    await stop();
    throw error;
  }
  const failed = Promise.race(children.map(({ ended }) => ended)).then(() => new Promise<never>(() => {}));
  failed.catch(() => {});
  return { url, containerUrl, failed, stop };
}

interface Shared extends DevCloudOptions {
  readonly key: string;
  readonly url: string;
  readonly onLine: (line: string) => void;
}

function startContainer({
  data,
  model,
  key,
  url,
  containerPort,
  onLine,
}: Shared & { containerPort: number }): Child {
  return startChild({
    name: 'container',
    args: [
      '--disable-warning=ExperimentalWarning',
      'apps/api/src/main.ts',
      ...['--host', '127.0.0.1', '--port', String(containerPort), '--grace', '5'],
      ...['--data', join(data, 'container'), '--trusted-origin', url],
      ...(model === undefined ? [] : ['--model', model]),
    ],
    cwd: REPOSITORY,
    env: { ...process.env, TOKENUNIFY_TRUSTED_KEY: key },
    signal: 'SIGTERM',
    onLine: (line) => onLine(`container  ${line}`),
  });
}

async function startWorker({
  data,
  key,
  url,
  port,
  containerUrl,
  onLine,
}: Shared & { containerUrl: string }): Promise<Child> {
  const directory = join(data, 'worker');
  const variables = join(directory, 'worker.env');
  const set = {
    CONTAINER_URL: containerUrl,
    CONTAINER_KEY: key,
    PUBLIC_ORIGIN: url,
    ALLOW_ANONYMOUS: 'true',
  };
  // A file that others cannot read: everybody on the machine sees arguments.
  const text = Object.entries(set).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(variables, text.join(''), { mode: 0o600 });
  return startChild({
    name: 'Worker',
    args: [
      'node_modules/wrangler/bin/wrangler.js',
      ...['dev', '--local', '--config', 'apps/api/wrangler.jsonc', '--env-file', variables],
      ...['--ip', '127.0.0.1', '--port', String(port), '--inspector-port', '0'],
      ...['--persist-to', directory, '--show-interactive-dev-session=false'],
    ],
    cwd: REPOSITORY,
    env: { ...process.env, ...QUIET, ...placesIn(directory) },
    // wrangler ends workerd on SIGINT, and leaves it behind on other signals
    signal: 'SIGINT',
    onLine: (line) => {
      // one line for a request is enough, and ours has its id
      if (!/^\[wrangler:info\] [A-Z]+ \//.test(line)) onLine(`worker     ${line}`);
    },
  });
}

/** wrangler asks nobody outside this machine then. */
const QUIET = {
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
};

/** And writes nothing into the home directory. */
const placesIn = (directory: string) => ({
  WRANGLER_LOG_PATH: join(directory, 'logs'),
  WRANGLER_REGISTRY_PATH: join(directory, 'registry'),
  WRANGLER_CACHE_DIR: join(directory, 'cache'),
});

/** The container's key for the Worker: made once, and kept beside the container's state. */
async function containerKey(data: string): Promise<string> {
  await mkdir(data, { recursive: true });
  const file = join(data, 'key');
  const kept = await readFile(file, 'utf8').catch(() => '');
  if (kept !== '') return kept;
  const args = ['apps/api/src/keys/main.ts', ...SCOPED_KEY, '--data', data];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: REPOSITORY });
    const key = stdout.trim();
    await writeFile(file, key, { mode: 0o600 });
    return key;
  } catch (cause) {
    const said = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : String(cause);
    throw new DevCloudError(`No key can be made for the Worker: ${said}`, { cause });
  }
}

/** Until an address answers with 200. */
async function answers(url: string, signal: AbortSignal): Promise<void> {
  const end = Date.now() + START_MS;
  let last = 'nothing';
  while (Date.now() < end) {
    signal.throwIfAborted();
    try {
      const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(5_000)]) });
      const text = await response.text();
      if (response.ok) return;
      last = `${response.status} ${text.slice(0, 200)}`;
    } catch {
      signal.throwIfAborted();
    }
    await sleep(200);
  }
  throw new DevCloudError(`${url} is not ready after ${START_MS / 1000} s; the last answer was ${last}.`);
}

import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ApiClient, SegmentationJob } from '../client/index.ts';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

/** The server as a process of its own, as `npm start` runs it: it can be killed. */
export interface ServerProcess {
  readonly child: ChildProcess;
  readonly url: string;
  /** What it said on stderr. */
  errors(): string;
  /** SIGKILL, and until it is gone. */
  kill(): Promise<void>;
}

/** Starts a server and resolves when it answers. */
export async function startProcess(...args: readonly string[]): Promise<ServerProcess> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', main, '--port', '0', '--threads', '1', ...args],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let [out, err] = ['', ''];
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.stderr.on('data', (text) => (err += text));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (text) => {
      out += text;
      const found = /http:\/\/\S+/.exec(out)?.[0];
      if (found) resolve(found);
    });
    child.once('exit', () => reject(new Error(err || 'the server ended')));
  });
  return {
    child,
    url,
    errors: () => err,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Asks, without following, until a job has finished: the server may be killed meanwhile, and then this fails. */
export async function finished(api: ApiClient, id: string): Promise<SegmentationJob> {
  for (;;) {
    const job = await api.segmentation(id);
    if (job.state !== 'queued' && job.state !== 'running') return job;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

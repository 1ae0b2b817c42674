import { type ChildProcess, fork } from 'node:child_process';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ModelError } from '../errors.ts';
import type { ChildOptions, FromChild, ToChild } from './protocol.ts';

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url));
const STDERR_TAIL = 2_000;
const KILL_AFTER_MS = 5_000;

/** One child process with one loaded model. It is used until it ends; `InferenceClient` replaces it. */
export class ModelProcess {
  readonly #child: ChildProcess;
  readonly #modelPath: string;
  readonly #exited: Promise<void>;
  readonly #killOnExit: () => void;
  #stderr = '';
  #gone: ModelError | undefined;
  #pending: { id: number; resolve(value: Float32Array): void; reject(error: ModelError): void } | undefined;
  #nextId = 0;

  private constructor(child: ChildProcess, modelPath: string) {
    this.#child = child;
    this.#modelPath = modelPath;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL);
    });
    child.on('message', (message: FromChild) => this.#receive(message));
    // A parent that calls process.exit() must not leave a child in the middle of a run.
    this.#killOnExit = () => child.kill('SIGKILL');
    process.once('exit', this.#killOnExit);
    this.#exited = new Promise((resolve) => {
      const end = (how: string, details: Record<string, unknown>) => {
        process.off('exit', this.#killOnExit);
        this.#gone ??= new ModelError(
          'model/inference',
          `The inference process ended unexpectedly (${how}); the next request starts a new one. If it happens again, give it more memory or a smaller batch.`,
          { details: { reason: 'crashed', modelPath, ...details, stderr: this.#stderr } },
        );
        this.#fail(this.#gone);
        resolve();
      };
      child.once('exit', (code, signal) =>
        end(signal ? `signal ${signal}` : `exit code ${code}`, { code, signal }),
      );
      child.once('error', (error) => end(error.message, { cause: error }));
    });
  }

  /** Forks the child, loads the model and runs one tile of zeros; resolves when it can serve. */
  static async start(options: ChildOptions, signal?: AbortSignal): Promise<ModelProcess> {
    signal?.throwIfAborted();
    const child = fork(CHILD, {
      serialization: 'advanced',
      // The parent's flags (a debugger's port, a test runner's loader) are not the child's.
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const process = new ModelProcess(child, options.modelPath);
    let onAbort = () => {};
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal?.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
    try {
      const ready = process.#request(-1);
      process.#post({ type: 'load', options });
      await Promise.race([ready, aborted]);
      return process;
    } catch (error) {
      child.kill('SIGKILL');
      await process.#exited;
      throw error;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  get alive(): boolean {
    return this.#gone === undefined;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Runs one batch. One call at a time: the caller queues. */
  run(tiles: Float32Array, count: number): Promise<Float32Array> {
    const id = this.#nextId++;
    const result = this.#request(id);
    this.#post({ type: 'run', id, tiles, count });
    return result;
  }

  /** Lets go of the child and waits until it has ended; a run that does not come back is killed. */
  async close(reason: ModelError): Promise<void> {
    this.#gone ??= reason;
    this.#fail(reason);
    if (this.#child.connected) this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), KILL_AFTER_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  #request(id: number): Promise<Float32Array> {
    if (this.#gone) return Promise.reject(this.#gone);
    return new Promise((resolve, reject) => {
      this.#pending = { id, resolve, reject };
    });
  }

  #post(message: ToChild): void {
    // A channel that closes meanwhile shows as 'exit', which rejects what is pending.
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  #receive(message: FromChild): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#pending = undefined;
    if (message.type === 'ready') return pending.resolve(new Float32Array());
    if (message.type === 'result') return pending.resolve(message.affinities);
    pending.reject(failure(message, this.#modelPath));
  }

  #fail(error: ModelError): void {
    this.#pending?.reject(error);
    this.#pending = undefined;
  }
}

const REMEDY = {
  load: 'check that model.onnx is complete and its opset is 17 to 21',
  run: 'check that the package states the tile shape the model was exported with',
  'output-shape': 'export the model again, with three affinity channels and a static tile shape',
  'output-range': 'export the model again, with a sigmoid behind the affinity head',
  'not-finite': 'check the input for values that are not finite; if it is clean, the weights have diverged',
} as const;

/** ONNX Runtime names the file by its path, which is nothing to those who send volumes to a server. */
function failure(message: FromChild & { type: 'error' }, modelPath: string): ModelError {
  const said = message.message.replaceAll(modelPath, basename(modelPath)).replace(/\s+/g, ' ');
  return new ModelError(
    'model/inference',
    `Inference failed: ${said.replace(/\.$/, '')}; ${REMEDY[message.reason]}.`,
    { details: { reason: message.reason } },
  );
}

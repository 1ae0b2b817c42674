/**
 * The process that runs ONNX Runtime. `InferenceSession.run` blocks the event loop it is called on for its whole
 * length, and reloading models leaks (onnxruntime-node 1.24 to 1.30), so each model version has a process of its
 * own that is replaced, never reloaded.
 */
import { getPriority, setPriority } from 'node:os';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { ChildOptions, FromChild, InferenceFailure, ToChild } from './protocol.ts';

class Failure extends Error {
  readonly reason: InferenceFailure;
  constructor(reason: InferenceFailure, message: string) {
    super(message);
    this.reason = reason;
  }
}

interface Loaded {
  readonly session: InferenceSession;
  readonly options: ChildOptions;
  /** One batch, reused: the last tiles of a short batch are zeros, so that every run has the same shape and a tile's
   *  result does not depend on how many came with it. */
  readonly batch: Float32Array;
}

async function load(options: ChildOptions): Promise<Loaded> {
  // before the session: its threads take over the priority of the one that makes them
  if (options.niceness !== 0) setPriority(Math.min(19, getPriority() + options.niceness));
  const session = await InferenceSession.create(options.modelPath, {
    executionProviders: ['cpu'],
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // Spinning threads would starve everything else on a small machine, health checks included.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  const voxels = options.tileShape.reduce((a, b) => a * b, 1);
  const loaded = { session, options, batch: new Float32Array(options.batchSize * voxels) };
  // The first run allocates, and shows before anybody waits for it whether this is a model of affinities.
  const probe = await run(loaded, new Float32Array(voxels), 1);
  const outside = probe.find((value) => value < 0 || value > 1);
  if (outside !== undefined) {
    throw new Failure(
      'output-range',
      `the model gave ${outside} for a tile of zeros, affinities lie in [0, 1]`,
    );
  }
  return loaded;
}

async function run(
  { session, options, batch }: Loaded,
  tiles: Float32Array,
  count: number,
): Promise<Float32Array> {
  const voxels = options.tileShape.reduce((a, b) => a * b, 1);
  const [input, output] = [session.inputNames[0], session.outputNames[0]];
  if (input === undefined || output === undefined) {
    throw new Failure('output-shape', 'the model has no input or no output');
  }
  batch.set(tiles.subarray(0, count * voxels));
  batch.fill(0, count * voxels);
  const feeds = { [input]: new Tensor('float32', batch, [options.batchSize, 1, ...options.tileShape]) };
  const result = (await session.run(feeds))[output];
  const expected = [options.batchSize, options.channels, ...options.tileShape];
  if (result?.type !== 'float32' || result.dims.join() !== expected.join()) {
    const got = result === undefined ? 'nothing' : `${result.type} [${result.dims.join(', ')}]`;
    throw new Failure('output-shape', `the model gave ${got}, expected float32 [${expected.join(', ')}]`);
  }
  // Checked above: a float32 tensor holds a Float32Array.
  const affinities = (result.data as Float32Array).slice(0, count * options.channels * voxels);
  for (let i = 0; i < affinities.length; i++) {
    const value = affinities[i] ?? NaN;
    if (!Number.isFinite(value)) {
      const tile = Math.floor(i / (options.channels * voxels));
      throw new Failure('not-finite', `the model gave ${value} at element ${i} (tile ${tile} of the batch)`);
    }
  }
  return affinities;
}

function send(message: FromChild): void {
  // A parent that is gone closes the channel; 'disconnect' ends this process.
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

function report(id: number | null, error: unknown, fallback: InferenceFailure): void {
  const reason = error instanceof Failure ? error.reason : fallback;
  send({ type: 'error', id, reason, message: error instanceof Error ? error.message : String(error) });
}

let loaded: Loaded | undefined;

process.on('message', (message: ToChild) => {
  if (message.type === 'load') {
    load(message.options).then(
      (model) => {
        loaded = model;
        send({ type: 'ready' });
      },
      (error: unknown) => report(null, error, 'load'),
    );
    return;
  }
  const { id } = message;
  if (loaded === undefined) return report(id, new Error('the model is not loaded'), 'run');
  run(loaded, message.tiles, message.count).then(
    (affinities) => send({ type: 'result', id, affinities }),
    (error: unknown) => report(id, error, 'run'),
  );
});
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole process group; the parent decides when this process ends.
process.on('SIGINT', () => {});

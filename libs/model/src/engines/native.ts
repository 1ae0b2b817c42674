/**
 * The native training engine: TensorFlow's own kernels behind the same TensorFlow.js API. It is not an npm dependency
 * (its installer needs a storage bucket); `npm run setup:tensorflow` builds it under `<repository>/.tensorflow`.
 */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import nodeModule, { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import util from 'node:util';
import { ModelError } from '../errors.ts';

const PACKAGE = '@tensorflow/tfjs-node';
const ADDON = join('lib', 'napi-v8', 'tfjs_binding.node');
/** Beside the package; tools/src/setup-tensorflow writes it last. */
const STAMP = '.setup-tensorflow.json';
const REMEDY = 'run `npm run setup:tensorflow';

/** Where to look; the defaults are this process's. */
export interface NativeLocation {
  /** Directory from which `.tensorflow` is searched upwards. Default: this file's. */
  from?: string;
  /** `TOKENUNIFY_TENSORFLOW` names an installation (a `.tensorflow` directory) and then nothing else is searched. */
  environment?: Readonly<Record<string, string | undefined>>;
}

/** A native engine that runs: where its package is, and which TensorFlow it calls ('2.21.0'). */
export interface NativeTensorflow {
  readonly directory: string;
  readonly version: string;
  /** True when it computes on a GPU. */
  readonly gpu: boolean;
}

/**
 * Directory of the built `@tensorflow/tfjs-node` package, or undefined when this machine has none. Only existence is
 * looked at: a broken build is found by {@link loadNativeTensorflow}.
 *
 * @example
 * locateNativeTensorflow() // '/home/me/tokenunify/.tensorflow/node_modules/@tensorflow/tfjs-node'
 */
export function locateNativeTensorflow(location: NativeLocation = {}): string | undefined {
  const { from = dirname(fileURLToPath(import.meta.url)), environment = process.env } = location;
  const named = environment['TOKENUNIFY_TENSORFLOW'];
  if (named !== undefined && named !== '') return builtPackage(named);
  for (let directory = from; ; directory = dirname(directory)) {
    const found = builtPackage(join(directory, '.tensorflow'));
    if (found !== undefined || directory === dirname(directory)) return found;
  }
}

/**
 * Loads the native engine and makes it the current backend of the one `@tensorflow/tfjs-core` that this library uses;
 * a second call does nothing.
 *
 * @throws {ModelError} `model/engine` when there is no build, when it does not load, or when it registered itself with
 * another copy of TensorFlow.js.
 */
export async function loadNativeTensorflow(location: NativeLocation = {}): Promise<NativeTensorflow> {
  const directory = locateNativeTensorflow(location);
  if (directory === undefined) {
    const named = (location.environment ?? process.env)['TOKENUNIFY_TENSORFLOW'];
    throw new ModelError(
      'model/engine',
      `There is no native TensorFlow build in ${named === undefined || named === '' ? '.tensorflow' : named}; ${REMEDY}\`.`,
    );
  }
  prepareProcess();
  const tf = await import('@tensorflow/tfjs'); // late, for readers of this library that never train
  const loaded = requirePackage(directory);
  if (loaded.engine?.() !== tf.engine()) {
    throw new ModelError(
      'model/engine',
      `The native TensorFlow build in ${directory} uses another copy of @tensorflow/tfjs-core; ${REMEDY} -- --force\`.`,
      { details: { directory } },
    );
  }
  // setBackend() answers false when the addon cannot start, and throws when the package registered nothing.
  const started = await tf.setBackend('tensorflow').catch((cause: unknown) => ({ cause }));
  if (started !== true) {
    throw new ModelError(
      'model/engine',
      `The native TensorFlow build in ${directory} did not start; ${REMEDY} -- --force\`.`,
      { ...(started === false ? {} : started), details: { directory } },
    );
  }
  return { directory, version: addonVersion(directory), gpu: usesGpu(tf.backend()) };
}

function builtPackage(root: string): string | undefined {
  const directory = join(root, 'node_modules', PACKAGE);
  return existsSync(join(directory, ADDON)) ? directory : undefined;
}

/** What must be set before the addon is loaded. The user's own settings win. */
function prepareProcess(): void {
  const threads = String(availableParallelism());
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  // TensorFlow turns oneDNN on by itself only where the CPU has VNNI or AMX. Without it the gradients of conv3d run at
  // 4-10 GFLOP/s instead of 40-100 on two AVX2 cores. It costs two lines on stderr, which no log level silences.
  process.env['TF_ENABLE_ONEDNN_OPTS'] ??= '1';
  process.env['TF_NUM_INTRAOP_THREADS'] ??= threads;
  process.env['OMP_NUM_THREADS'] ??= threads;
  // tfjs-node 4.22 calls both: Node 22 warns about them, Node 24 has them no more.
  Object.assign(util, {
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
    isArray: Array.isArray,
  });
}

/** The package's exports, with its `@tensorflow/*` imports answered from this library's copies. */
function requirePackage(directory: string): { engine?: () => unknown } {
  const ours = createRequire(import.meta.url);
  const theirs = createRequire(join(realpathSync(directory), 'package.json'));
  // An installation outside the repository cannot climb to the repository's node_modules by itself. Node < 22.15 has no
  // hooks: there the installation must lie inside the repository, where the set-up puts it.
  const hooks = (nodeModule as { registerHooks?: typeof nodeModule.registerHooks }).registerHooks?.({
    resolve: (specifier, context, next) =>
      specifier.startsWith('@tensorflow/tfjs') && context.parentURL !== import.meta.url
        ? { url: pathToFileURL(ours.resolve(specifier)).href, format: 'commonjs', shortCircuit: true }
        : next(specifier, context),
  });
  try {
    // The shape is checked by the caller, against the engine of our own copy.
    return theirs(directory) as { engine?: () => unknown };
  } catch (cause) {
    throw new ModelError(
      'model/engine',
      `The native TensorFlow build in ${directory} does not load (${cause instanceof Error ? cause.message.split('\n')[0] : String(cause)}); ${REMEDY} -- --force\`.`,
      { cause, details: { directory } },
    );
  } finally {
    hooks?.deregister();
  }
}

/** True when the set-up that made this build was told to make it for CUDA: it must then never run on the processor. */
export function isBuiltForCuda(directory: string): boolean {
  try {
    const stamp: unknown = JSON.parse(readFileSync(join(directory, '..', '..', STAMP), 'utf8'));
    const { wheel } = stamp as { wheel?: { file?: string } }; // whatever it is, it is only looked into
    return wheel?.file?.startsWith('tensorflow-') ?? false; // PyPI's `tensorflow` is for CUDA, `tensorflow_cpu` is not
  } catch {
    return false; // a build by hand
  }
}

const usesGpu = (backend: unknown): boolean =>
  typeof backend === 'object' &&
  backend !== null &&
  'isUsingGpuDevice' in backend &&
  backend.isUsingGpuDevice === true;

/** The addon is loaded already: this only looks at it. */
function addonVersion(directory: string): string {
  const addon: unknown = createRequire(join(directory, 'package.json'))(join(directory, ADDON));
  return typeof addon === 'object' && addon !== null && 'TF_Version' in addon
    ? String(addon.TF_Version)
    : 'unknown';
}

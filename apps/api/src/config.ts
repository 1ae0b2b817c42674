import { availableParallelism, totalmem } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { NAMES, OPTIONS, TRUSTED_KEY, type Name } from './config/options.ts';
import { networks, trustedOrigin, type RemoteAccess } from './config/remote.ts';
import { bytes, ConfigError, wholeNumber, type Setting } from './config/values.ts';
import {
  DEFAULT_LIMITS,
  defaultJobLimits,
  type JobLimits,
  type Limits,
  type Machine,
  type ModelLimits,
  type StorageLimits,
} from './limits.ts';

export { USAGE } from './config/options.ts';
export type { RemoteAccess, TrustedOrigin } from './config/remote.ts';
export { ConfigError } from './config/values.ts';

export interface Config {
  readonly host: string;
  readonly port: number;
  /** Directory of a model package; the champion, when the data directory has none. */
  readonly model: string;
  /** Of ONNX Runtime; undefined is the machine's number. */
  readonly threads?: number;
  readonly limits: Limits;
  /** How long running requests may take after SIGTERM. */
  readonly graceMs: number;
  /** Directory of volumes, jobs and state; absolute. */
  readonly data: string;
  /** Directories whose files jobs may name; absolute. */
  readonly dataRoots: readonly string[];
  readonly models: Omit<ModelLimits, 'testMs'>;
  readonly jobs: JobLimits;
  readonly storage: StorageLimits;
  readonly remote: RemoteAccess;
}

/** Of a data directory: the database with volumes, jobs and keys. */
export const databaseFile = (data: string): string => join(data, 'state.sqlite');

/** This machine, or what a container may use of it. */
export const thisMachine = (): Machine => ({
  cores: availableParallelism(),
  // 0 where nothing is known, and 2^64 or so where nothing constrains
  memory: Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY),
});

/**
 * Flags win over variables, variables over defaults.
 *
 * @throws ConfigError
 */
export function readConfig(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  machine: Machine = thisMachine(),
): Config | 'help' {
  const flags = parse(argv);
  if (flags['help'] === true) return 'help';
  const label = (name: Name): string => `--${name} (${OPTIONS[name].variable})`;
  const setting = (name: Name): Setting => {
    const flag = flags[name];
    const { variable, fallback } = OPTIONS[name];
    return { label: label(name), text: typeof flag === 'string' ? flag : (env[variable] ?? fallback) };
  };
  const list = (name: Name, separator: string): string[] => {
    const flag = flags[name];
    if (Array.isArray(flag)) return flag.map(String);
    return (env[OPTIONS[name].variable] ?? '').split(separator).filter((part) => part !== '');
  };
  const text = (name: Name): string => setting(name).text;
  const whole = (name: Name, least: number, most?: number): number => wholeNumber(setting(name), least, most);
  const job = defaultJobLimits(machine);
  const maxVoxels = whole('max-voxels', 1);
  const trusted = trustedOrigin(setting('trusted-origin'), env[TRUSTED_KEY]);
  return {
    host: text('host'),
    port: whole('port', 0, 65535),
    model: text('model'),
    ...(text('threads') !== '' && { threads: whole('threads', 1, 1024) }),
    limits: {
      ...DEFAULT_LIMITS,
      maxVoxels,
      maxBodyBytes: bodyBytesFor(maxVoxels),
      concurrency: whole('concurrency', 1, 1024),
      queue: whole('queue', 0),
    },
    graceMs: 1000 * whole('grace', 0, 86_400),
    data: directory(setting('data')),
    dataRoots: list('data-root', delimiter).map((root) =>
      directory({ label: label('data-root'), text: root }),
    ),
    models: {
      // a promotion loads the next one while the champion serves
      loaded: whole('loaded-models', 2, 1024),
      idleMs: 1000 * whole('model-idle', 0, 86_400),
      maxBytes: bytes(setting('max-model-bytes')),
    },
    jobs: {
      jobs: whole('jobs', 1, 1024),
      queue: whole('job-queue', 0),
      workers: text('workers') === '' ? job.workers : whole('workers', 1, 1024),
      memoryBytes: text('job-memory') === '' ? job.memoryBytes : bytes(setting('job-memory')),
      blockSide: whole('job-block', 1, 4096),
      maxVoxels: whole('max-job-voxels', 1),
    },
    storage: {
      maxValueBytes: bytes(setting('max-value-bytes')),
      ...(text('max-storage') !== '' && { maxStorageBytes: bytes(setting('max-storage')) }),
    },
    remote: {
      allowAddresses: networks(label('allow-address'), list('allow-address', ',')),
      ...(trusted && { trusted }),
    },
  };
}

function parse(argv: readonly string[]): Partial<Record<string, string | boolean | (string | boolean)[]>> {
  try {
    const options = Object.fromEntries(
      NAMES.map((name) => [name, { type: 'string' as const, multiple: 'repeatable' in OPTIONS[name] }]),
    );
    return parseArgs({
      args: [...argv],
      options: { ...options, help: { type: 'boolean', short: 'h' } },
    }).values;
  } catch (cause) {
    throw new ConfigError(
      `${cause instanceof Error ? cause.message : String(cause)}; --help lists the options.`,
      { cause },
    );
  }
}

function directory({ label, text }: Setting): string {
  // An empty one would be the working directory, which nobody means by a variable that was left empty.
  if (text.trim() === '') throw new ConfigError(`${label} is "${text}"; give a directory.`);
  return resolve(text);
}

/** float32 voxels, and more header than numpy ever writes. */
const bodyBytesFor = (voxels: number): number => 4 * voxels + 4096;

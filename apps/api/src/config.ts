import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';

export interface Config {
  readonly host: string;
  readonly port: number;
  /** Directory of the model package. */
  readonly model: string;
  /** Of ONNX Runtime; undefined is the machine's number. */
  readonly threads?: number;
  readonly limits: Limits;
  /** How long running requests may take after SIGTERM. */
  readonly graceMs: number;
}

/** A flag or variable that makes no sense; the message is all that needs to be printed. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const BUNDLED_MODEL = fileURLToPath(new URL('../../../models/default', import.meta.url));

const OPTIONS = {
  host: ['HOST', '127.0.0.1', 'address to listen on'],
  port: ['PORT', '8787', 'port to listen on, 0 for any that is free'],
  model: ['TOKENUNIFY_MODEL', BUNDLED_MODEL, 'directory of the model package'],
  threads: ['TOKENUNIFY_THREADS', '', "threads of the model (default: the machine's)"],
  concurrency: ['TOKENUNIFY_CONCURRENCY', String(DEFAULT_LIMITS.concurrency), 'volumes segmented at once'],
  queue: ['TOKENUNIFY_QUEUE', String(DEFAULT_LIMITS.queue), 'requests that may wait beside those'],
  'max-voxels': ['TOKENUNIFY_MAX_VOXELS', String(DEFAULT_LIMITS.maxVoxels), 'voxels of one volume'],
  grace: ['TOKENUNIFY_GRACE', '30', 'seconds that running requests have after SIGTERM'],
} as const;

type Name = keyof typeof OPTIONS;
const NAMES = Object.keys(OPTIONS) as Name[]; // keys of a literal

export const USAGE = [
  'The TokenUnify API: POST a volume to /v1/segment, get its neurons back.',
  '',
  'Usage: npm start -- [options]       each option can also be set by its variable',
  '',
  ...NAMES.map((name) => {
    const [variable, fallback, text] = OPTIONS[name];
    const shown = fallback === '' || name === 'model' ? '' : ` (default ${fallback})`;
    return `  --${name.padEnd(12)} ${variable.padEnd(22)} ${text}${shown}`;
  }),
  '  --help',
].join('\n');

/** Flags win over variables, variables over defaults. */
export function readConfig(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Config | 'help' {
  let flags: Partial<Record<string, string | boolean>>;
  try {
    const options = Object.fromEntries(NAMES.map((name) => [name, { type: 'string' as const }]));
    flags = parseArgs({
      args: [...argv],
      options: { ...options, help: { type: 'boolean', short: 'h' } },
    }).values;
  } catch (cause) {
    throw new ConfigError(
      `${cause instanceof Error ? cause.message : String(cause)}; --help lists the options.`,
      { cause },
    );
  }
  if (flags['help'] === true) return 'help';
  const text = (name: Name): string => {
    const [variable, fallback] = OPTIONS[name];
    const flag = flags[name];
    return typeof flag === 'string' ? flag : (env[variable] ?? fallback);
  };
  const whole = (name: Name, least: number, most = Number.MAX_SAFE_INTEGER): number => {
    const value = Number(text(name));
    if (text(name).trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new ConfigError(
      `--${name} (${OPTIONS[name][0]}) is "${text(name)}"; give a whole number ${range}.`,
    );
  };
  const maxVoxels = whole('max-voxels', 1);
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
  };
}

/** float32 voxels, and more header than numpy ever writes. */
const bodyBytesFor = (voxels: number): number => 4 * voxels + 4096;

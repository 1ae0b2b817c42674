import { fileURLToPath } from 'node:url';
import { DEFAULT_LIMITS, DEFAULT_MODEL_LIMITS, DEFAULT_STORAGE_LIMITS, defaultJobLimits } from '../limits.ts';
import { showBytes } from './values.ts';

const BUNDLED_MODEL = fileURLToPath(new URL('../../../../models/default', import.meta.url));
const JOBS = defaultJobLimits({ cores: 1, memory: 0 });

interface Option {
  readonly variable: string;
  /** Empty: what it is then depends on the machine, or there is none. */
  readonly fallback: string;
  readonly text: string;
  readonly heading?: string;
  /** Whether the flag may come several times; `separator` is what parts them in the variable. */
  readonly repeatable?: 'paths' | 'commas';
}

const option = (variable: string, fallback: string | number, text: string): Option => ({
  variable,
  fallback: String(fallback),
  text,
});

export const OPTIONS = {
  host: option('HOST', '127.0.0.1', 'address to listen on; one that others reach needs API keys'),
  port: option('PORT', 8787, 'port to listen on, 0 for any that is free'),
  model: option(
    'TOKENUNIFY_MODEL',
    BUNDLED_MODEL,
    'directory of a model package, champion where there is none yet',
  ),
  threads: option('TOKENUNIFY_THREADS', '', "threads of a model (default: the machine's)"),
  concurrency: option('TOKENUNIFY_CONCURRENCY', DEFAULT_LIMITS.concurrency, 'volumes segmented at once'),
  queue: option('TOKENUNIFY_QUEUE', DEFAULT_LIMITS.queue, 'requests that may wait beside those'),
  'max-voxels': option('TOKENUNIFY_MAX_VOXELS', DEFAULT_LIMITS.maxVoxels, 'voxels of one volume'),
  grace: option('TOKENUNIFY_GRACE', 30, 'seconds that running requests have after SIGTERM'),
  data: {
    ...option('TOKENUNIFY_DATA', '.tokenunify-data', 'directory of volumes, jobs and API keys'),
    heading: 'Stored volumes',
  },
  'max-value-bytes': option(
    'TOKENUNIFY_MAX_VALUE_BYTES',
    showBytes(DEFAULT_STORAGE_LIMITS.maxValueBytes),
    'of one stored chunk',
  ),
  'max-storage': option('TOKENUNIFY_MAX_STORAGE', '', 'bytes of all of them (default: what the disk holds)'),
  'loaded-models': {
    ...option(
      'TOKENUNIFY_LOADED_MODELS',
      DEFAULT_MODEL_LIMITS.loaded,
      'versions that have a process at once, 2 at least',
    ),
    heading: 'Versions of models',
  },
  'model-idle': option(
    'TOKENUNIFY_MODEL_IDLE',
    DEFAULT_MODEL_LIMITS.idleMs / 1000,
    'seconds after which one that nobody uses is closed; the champion stays',
  ),
  'max-model-bytes': option(
    'TOKENUNIFY_MAX_MODEL_BYTES',
    showBytes(DEFAULT_MODEL_LIMITS.maxBytes),
    'of an uploaded model package',
  ),
  jobs: { ...option('TOKENUNIFY_JOBS', JOBS.jobs, 'that run at once'), heading: 'Jobs' },
  'job-queue': option('TOKENUNIFY_JOB_QUEUE', JOBS.queue, 'that may wait'),
  workers: option(
    'TOKENUNIFY_WORKERS',
    '',
    "threads of a job behind the model (default: the machine's, at most 4)",
  ),
  'job-memory': option('TOKENUNIFY_JOB_MEMORY', '', "of one job, like 8G (default: half of the machine's)"),
  'job-block': option(
    'TOKENUNIFY_JOB_BLOCK',
    JOBS.blockSide,
    'voxels along a side of a block, in whole cells: the memory of a thread',
  ),
  'max-job-voxels': option('TOKENUNIFY_MAX_JOB_VOXELS', JOBS.maxVoxels, 'that one job segments'),
  'data-root': {
    ...option('TOKENUNIFY_DATA_ROOTS', '', 'directory whose files jobs may name (default: none; repeatable)'),
    repeatable: 'paths',
    heading: 'What jobs may read',
  },
  'allow-address': {
    ...option(
      'TOKENUNIFY_ALLOW_ADDRESSES',
      '',
      'private network that remote volumes may be in, like 10.1.0.0/16 (default: none; repeatable)',
    ),
    repeatable: 'commas',
  },
  'trusted-origin': option(
    'TOKENUNIFY_TRUSTED_ORIGIN',
    '',
    'origin of volumes that gets the key in TOKENUNIFY_TRUSTED_KEY',
  ),
} as const satisfies Record<string, Option>;

export type Name = keyof typeof OPTIONS;
export const NAMES = Object.keys(OPTIONS) as Name[]; // keys of a literal

/** Only a variable: flags are seen by everybody on the machine. */
export const TRUSTED_KEY = 'TOKENUNIFY_TRUSTED_KEY';

export const USAGE = [
  'The TokenUnify API: POST a volume to /v1/segment, get its neurons back; store larger ones and submit jobs.',
  '',
  'Usage: npm start -- [options]       each option can also be set by its variable',
  '',
  ...NAMES.flatMap((name) => {
    const { variable, fallback, text, heading }: Option = OPTIONS[name];
    const shown = fallback === '' || name === 'model' ? '' : ` (default ${fallback})`;
    const line = `  --${name.padEnd(15)} ${variable.padEnd(26)} ${text}${shown}`;
    return heading === undefined ? [line] : ['', heading, line];
  }),
  '',
  `                    ${TRUSTED_KEY.padEnd(26)} the key for --trusted-origin; only as a variable`,
  '  --help',
].join('\n');

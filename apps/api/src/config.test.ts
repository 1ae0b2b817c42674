import { delimiter, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytes, showBytes } from './config/values.ts';
import { ConfigError, databaseFile, readConfig, thisMachine, USAGE } from './config.ts';

const machine = { cores: 8, memory: 64 * 2 ** 30 };

describe('configuration', () => {
  it('listens to this machine alone unless told otherwise, with the bundled model', () => {
    expect(readConfig([], {})).toMatchObject({
      host: '127.0.0.1',
      port: 8787,
      model: expect.stringMatching(/models\/default$/),
      graceMs: 30_000,
      limits: { concurrency: 1, queue: 4, maxVoxels: 16777216, maxBodyBytes: 4 * 16777216 + 4096 },
    });
  });

  it('opens no files or private networks to jobs unless told to, and shares the machine', () => {
    expect(readConfig([], {}, machine)).toMatchObject({
      data: resolve('.tokenunify-data'),
      dataRoots: [],
      jobs: { jobs: 1, queue: 100, workers: 4, memoryBytes: 32 * 2 ** 30, maxVoxels: 2 ** 33 },
      storage: { maxValueBytes: 256 * 2 ** 20 },
      remote: { allowAddresses: [] },
    });
    expect(readConfig([], {}, { cores: 1, memory: 2 ** 30 })).toMatchObject({
      jobs: { workers: 1, memoryBytes: 2 ** 29 },
    });
    const config = readConfig([], {}, machine);
    expect(JSON.stringify(config)).not.toMatch(/maxStorageBytes|trusted|threads/);
  });

  it('knows a machine that has cores and memory', () => {
    const { cores, memory } = thisMachine();
    expect(cores).toBeGreaterThanOrEqual(1);
    expect(memory).toBeGreaterThan(2 ** 20);
    expect(memory).toBeLessThan(2 ** 50);
  });

  it('takes flags before variables', () => {
    const env = { PORT: '1', HOST: '::1', TOKENUNIFY_MODEL: 'm', TOKENUNIFY_MAX_VOXELS: '1000' };
    expect(readConfig(['--port', '2', '--threads', '3'], env)).toMatchObject({
      port: 2,
      host: '::1',
      model: 'm',
      threads: 3,
      limits: { maxVoxels: 1000, maxBodyBytes: 8096 },
    });
  });

  it('takes everything about jobs and volumes from flags', () => {
    const flags =
      '--data d --data-root /a --data-root b --jobs 2 --job-queue 0 --workers 3 --job-memory 1.5G ' +
      '--job-block 64 --max-job-voxels 9 --max-value-bytes 1M --max-storage 2TiB --allow-address 10.0.0.0/8 --allow-address ::1 ' +
      '--trusted-origin https://Worker.example:443/';
    expect(readConfig(flags.split(' '), { TOKENUNIFY_TRUSTED_KEY: 'k' }, machine)).toMatchObject({
      data: resolve('d'),
      dataRoots: ['/a', resolve('b')],
      jobs: { jobs: 2, queue: 0, workers: 3, memoryBytes: 1.5 * 2 ** 30, blockSide: 64, maxVoxels: 9 },
      storage: { maxValueBytes: 2 ** 20, maxStorageBytes: 2 ** 41 },
      remote: {
        allowAddresses: ['10.0.0.0/8', '::1'],
        trusted: { origin: 'https://worker.example', key: 'k' },
      },
    });
  });

  it('takes the same from variables', () => {
    const env = {
      TOKENUNIFY_DATA: 'd',
      TOKENUNIFY_DATA_ROOTS: ['/a', '', '/b'].join(delimiter),
      TOKENUNIFY_JOBS: '2',
      TOKENUNIFY_JOB_QUEUE: '0',
      TOKENUNIFY_WORKERS: '3',
      TOKENUNIFY_JOB_MEMORY: '1024',
      TOKENUNIFY_MAX_JOB_VOXELS: '9',
      TOKENUNIFY_MAX_VALUE_BYTES: '1m',
      TOKENUNIFY_MAX_STORAGE: '1K',
      TOKENUNIFY_ALLOW_ADDRESSES: '10.0.0.0/8,::1',
      TOKENUNIFY_TRUSTED_ORIGIN: 'http://127.0.0.1:9000',
      TOKENUNIFY_TRUSTED_KEY: 'k',
    };
    expect(readConfig([], env, machine)).toMatchObject({
      data: resolve('d'),
      dataRoots: ['/a', '/b'],
      jobs: { jobs: 2, queue: 0, workers: 3, memoryBytes: 1024, maxVoxels: 9 },
      storage: { maxValueBytes: 2 ** 20, maxStorageBytes: 1024 },
      remote: {
        allowAddresses: ['10.0.0.0/8', '::1'],
        trusted: { origin: 'http://127.0.0.1:9000', key: 'k' },
      },
    });
    // A flag replaces the list of the variable.
    expect(readConfig(['--data-root', '/c'], env)).toMatchObject({ dataRoots: ['/c'] });
  });

  it('takes what versions of models may take from flags and variables', () => {
    expect(readConfig([], {})).toMatchObject({ models: { loaded: 4, idleMs: 300_000, maxBytes: 2 ** 31 } });
    const flags = '--loaded-models 2 --model-idle 0 --max-model-bytes 100M'.split(' ');
    const env = {
      TOKENUNIFY_LOADED_MODELS: '2',
      TOKENUNIFY_MODEL_IDLE: '0',
      TOKENUNIFY_MAX_MODEL_BYTES: '100M',
    };
    const models = { loaded: 2, idleMs: 0, maxBytes: 100 * 2 ** 20 };
    expect(readConfig(flags, {})).toMatchObject({ models });
    expect(readConfig([], env)).toMatchObject({ models });
  });

  it.each([
    [['--port', '70000'], {}, /--port \(PORT\) is "70000".*0 to 65535/],
    [['--concurrency', '0'], {}, /concurrency.*1 to 1024/],
    [[], { TOKENUNIFY_THREADS: 'many' }, /threads \(TOKENUNIFY_THREADS\) is "many"/],
    [[], { PORT: '' }, /PORT.*is ""/],
    [['--colour', 'red'], {}, /--colour.*--help/],
    [['extra'], {}, /extra/],
    [['--port', '1', '--workers', '0'], {}, /--workers \(TOKENUNIFY_WORKERS\) is "0".*1 to 1024/],
    [
      ['--job-memory', '8X'],
      {},
      /--job-memory \(TOKENUNIFY_JOB_MEMORY\) is "8X"; give bytes, like 512M or 8G/,
    ],
    [['--job-memory', '0'], {}, /job-memory.*"0"/],
    [['--max-storage', '-1'], {}, /max-storage/],
    [[], { TOKENUNIFY_MAX_VALUE_BYTES: '' }, /MAX_VALUE_BYTES.*is ""/],
    [['--data', ''], {}, /--data \(TOKENUNIFY_DATA\) is ""; give a directory/],
    [['--data-root', ' '], {}, /--data-root/],
    [['--loaded-models', '1'], {}, /--loaded-models \(TOKENUNIFY_LOADED_MODELS\) is "1".*2 to 1024/],
    [['--model-idle', '86401'], {}, /model-idle.*0 to 86400/],
    [['--max-model-bytes', 'all'], {}, /max-model-bytes.*"all"; give bytes/],
    [['--allow-address', '10.0.0.0/99'], {}, /"10.0.0.0\/99"; give a network/],
    [[], { TOKENUNIFY_ALLOW_ADDRESSES: '10.0.0.0/8,lab' }, /ALLOW_ADDRESSES\) is "lab"/],
    [['--trusted-origin', 'https://a.example/path'], { TOKENUNIFY_TRUSTED_KEY: 'k' }, /without a path/],
    [['--trusted-origin', 'ftp://a.example'], { TOKENUNIFY_TRUSTED_KEY: 'k' }, /not an origin/],
    [['--trusted-origin', 'a.example'], { TOKENUNIFY_TRUSTED_KEY: 'k' }, /not an origin/],
    [['--trusted-origin', 'https://a.example'], {}, /needs the key.*TOKENUNIFY_TRUSTED_KEY/],
    [[], { TOKENUNIFY_TRUSTED_KEY: 'k' }, /is set, and --trusted-origin/],
  ])('refuses %j with %j in one sentence', (argv, env, message) => {
    expect(() => readConfig(argv, env)).toThrow(ConfigError);
    expect(() => readConfig(argv, env)).toThrow(message);
  });

  it('repeats neither the trusted key nor a password in its origin', () => {
    const bad = [
      [['--trusted-origin', 'https://a.example'], { TOKENUNIFY_TRUSTED_KEY: 'se cret' }],
      [['--trusted-origin', 'https://u:secret@a.example'], { TOKENUNIFY_TRUSTED_KEY: 'k' }],
    ] as const;
    for (const [argv, env] of bad) expect(() => readConfig(argv, env)).toThrow(/^(?!.*cret).*$/s);
  });

  it('lists every option with its variable', () => {
    expect(readConfig(['-h'], {})).toBe('help');
    const names =
      'host port model threads concurrency queue max-voxels grace data data-root jobs job-queue workers job-memory ' +
      'job-block max-job-voxels max-value-bytes max-storage loaded-models model-idle max-model-bytes allow-address trusted-origin';
    for (const name of names.split(' ')) expect(USAGE).toMatch(new RegExp(`^  --${name} +[A-Z_]+ +\\S`, 'm'));
    expect(USAGE).toContain('TOKENUNIFY_TRUSTED_KEY');
  });

  it('keeps its state in one file of the data directory', () => {
    expect(databaseFile('/d')).toBe('/d/state.sqlite');
  });
});

describe('sizes', () => {
  it('are read as they are shown', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 50 }), (value) => {
        expect(bytes({ label: 'x', text: showBytes(value) })).toBe(value);
      }),
    );
    expect(showBytes(256 * 2 ** 20)).toBe('256M');
  });
});

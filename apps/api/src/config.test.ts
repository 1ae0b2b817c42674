import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig, USAGE } from './config.ts';

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

  it.each([
    [['--port', '70000'], {}, /--port \(PORT\) is "70000".*0 to 65535/],
    [['--concurrency', '0'], {}, /concurrency.*1 to 1024/],
    [[], { TOKENUNIFY_THREADS: 'many' }, /threads \(TOKENUNIFY_THREADS\) is "many"/],
    [[], { PORT: '' }, /PORT.*is ""/],
    [['--colour', 'red'], {}, /--colour.*--help/],
    [['extra'], {}, /extra/],
  ])('refuses %j with %j in one sentence', (argv, env, message) => {
    expect(() => readConfig(argv, env)).toThrow(ConfigError);
    expect(() => readConfig(argv, env)).toThrow(message);
  });

  it('lists every option', () => {
    expect(readConfig(['-h'], {})).toBe('help');
    for (const name of ['host', 'port', 'model', 'threads', 'concurrency', 'queue', 'max-voxels', 'grace']) {
      expect(USAGE).toContain(`--${name}`);
    }
  });
});

/** Connections that break at every step, and a server that restarts: the labels are the same. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bench, expected, until, type Bench } from './command.fixture.ts';

let server: Bench['server'];
let own: Bench;
let run: Bench['run'];
let read: Bench['read'];
let count: Bench['count'];
let faulty: Bench['faulty'];
beforeEach(async () => {
  own = await bench();
  ({ server, run, read, count, faulty } = own);
});
afterEach(() => own.close());

describe('a connection that breaks', () => {
  it.each([
    ['while a volume is made', /^POST \/v1\/volumes$/, 'cut'],
    ['after a volume was made', /^POST \/v1\/volumes$/, 'silent-success'],
    ['while chunks are sent', /^PUT .*\/c\//, 'cut'],
    ['after a chunk was stored', /^PUT .*\/c\/0\/1\/0/, 'silent-success'],
    ['after it was sealed', /seal$/, 'silent-success'],
    ['after the job was made', /^POST \/v1\/segmentations$/, 'silent-success'],
    ['while the job is followed', /events$/, 'cut'],
    ['between events', /^EVENT$/, 'cut'],
    ['while the labels come', /^GET .*\/c\//, 'cut-answer'],
    ['because the server is busy', /^POST \/v1\/segmentations$/, { status: 429, code: 'queue-full' }],
    ['because the server starts', /^PUT .*\/c\//, { status: 503, code: 'unavailable' }],
  ] as const)('%s changes nothing', async (_, pattern, fault) => {
    faulty(pattern, fault);
    const { error } = await run();
    expect(error).toBeUndefined();
    expect((await read('out.npy')).data).toEqual(expected);
    expect([server.volumes.size, server.jobs.size]).toEqual([0, 0]);
  });

  it('is told, and waited for as long as was said', async () => {
    server.fault = (request) => (/^PUT .*\/c\//.test(request) ? 'cut' : undefined);
    const { message, notes, error } = await run({ patience: 1 });
    expect(notes.join('\n')).toMatch(/Cannot write .* Trying again for 1 s\./);
    expect(message).toMatch(/That went on for 1 s; run the same command again to go on from here\.$/);
    expect(error).toMatchObject({ code: 'trainer/run' });
  });

  it('does not tell the key', async () => {
    server.fault = () => 'cut';
    const { message, notes } = await run({ patience: 1, apiKey: 'tu_0123456789' });
    expect(message + notes.join()).not.toContain('tu_0123456789');
  });

  it('is a restart of the server', async () => {
    server.pace = 40;
    const running = run();
    for (const stage of [/^PUT .*\/c\//, /events$/]) {
      await until(() => count(stage) > 0);
      await server.stop();
      await new Promise((resolve) => setTimeout(resolve, 1500));
      await server.start();
    }
    const { error, notes } = await running;
    expect(error).toBeUndefined();
    expect(notes).toContain('The server answers again.');
    expect((await read('out.npy')).data).toEqual(expected);
    expect(count(/^POST \/v1\/segmentations$/)).toBe(1);
  });
});

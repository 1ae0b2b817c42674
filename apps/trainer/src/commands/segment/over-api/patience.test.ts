import { ApiConnectionError, ApiError } from '@tokenunify/api/client';
import { EmIoError } from '@tokenunify/em-io';
import { describe, expect, it } from 'vitest';
import { createReporter } from '../../../progress/reporter.ts';
import { recordingTerminal } from '../../../testing.fixture.ts';
import { createPatience } from './patience.ts';

const request = { method: 'GET', url: 'http://api.test/x' };
const broken = () => new ApiConnectionError(request, new Error('connect ECONNREFUSED'));
const answered = (status: number, headers: Record<string, string> = {}) =>
  new ApiError(new Response(null, { status, headers }), undefined, request);

function patient(seconds = 60) {
  const { terminal, said } = recordingTerminal(false);
  const pauses: number[] = [];
  const controller = new AbortController();
  let now = 0;
  const patience = createPatience({
    seconds,
    signal: controller.signal,
    reporter: createReporter({ json: false, terminal }),
    now: () => now,
    random: () => 1,
    sleep: async (ms, signal) => {
      signal.throwIfAborted();
      pauses.push(ms);
      now += ms;
    },
  });
  return { patience, pauses, said, controller, later: (ms: number) => void (now += ms) };
}

/** Fails with each of these, then gives what comes last. */
const attempts = (...failures: readonly Error[]) => {
  const left = [...failures];
  return async () => {
    const failure = left.shift();
    if (failure) throw failure;
    return 'done';
  };
};

describe('patience', () => {
  it('tries again with pauses that grow, and says so once', async () => {
    const { patience, pauses, said } = patient();
    expect(await patience(attempts(broken(), broken(), answered(503), broken()))).toBe('done');
    expect(pauses).toEqual([500, 1000, 2000, 4000]);
    expect(said.error).toMatch(
      /^GET http:.* got no answer .* Trying again for 60 s\.\nThe server answers again\.\n$/,
    );
  });

  it('pauses as long as the server wants', async () => {
    const { patience, pauses } = patient();
    await patience(attempts(answered(429, { 'retry-after': '7' })));
    expect(pauses).toEqual([7000]);
  });

  it('ends after so many seconds of silence, with what was last wrong', async () => {
    const { patience, pauses } = patient(20);
    await expect(patience(() => Promise.reject(broken()))).rejects.toMatchObject({
      code: 'trainer/run',
      message: expect.stringMatching(/ECONNREFUSED.* That went on for 20 s; run the same command again/),
    });
    expect(pauses.reduce((sum, ms) => sum + ms)).toBe(20_000);
  });

  it('begins anew whenever something succeeds, or was heard', async () => {
    const { patience, later } = patient(20);
    await patience(attempts(broken()));
    later(3_600_000);
    await patience(attempts(broken()));
    let times = 0;
    await patience(async (heard) => {
      if (++times > 50) return;
      heard();
      later(1000);
      throw broken();
    });
    expect(times).toBe(51);
  });

  it.each([
    ['a failure inside the server', answered(500)],
    ['a refusal', answered(422)],
    ['a full disk', new EmIoError('em-io/no-space', 'Full.', { retryable: false, status: 507 })],
    [
      'a chunk that cannot be stored for good',
      new EmIoError('em-io/http', 'No.', { retryable: false, status: 413 }),
    ],
    ['a mistake', new TypeError('x is not a function')],
  ])('is not spent on %s', async (_, error) => {
    const { patience, pauses } = patient();
    await expect(patience(() => Promise.reject(error))).rejects.toBe(error);
    expect(pauses).toEqual([]);
  });

  it('is for chunks too', async () => {
    const { patience } = patient();
    const chunk = new EmIoError('em-io/unreachable', 'Gone.', { retryable: true });
    const starting = new EmIoError('em-io/http', 'Starting.', { retryable: true, status: 503 });
    expect(await patience(attempts(chunk, starting))).toBe('done');
  });

  it('ends with its signal', async () => {
    const { patience, controller } = patient();
    const reason = new Error('enough');
    await expect(
      patience(async () => {
        controller.abort(reason);
        throw broken();
      }),
    ).rejects.toBe(reason);
  });
});

import { describe, expect, it } from 'vitest';
import { CommandError } from './errors.ts';
import { Interruption, outcomeOf } from './outcome.ts';
import type { CommandRun } from './program/index.ts';
import { recordingTerminal } from './testing.fixture.ts';

async function ending(
  run: CommandRun,
  options: { json?: boolean; debug?: boolean; controller?: AbortController } = {},
) {
  const { json = false, debug = false, controller = new AbortController() } = options;
  const { terminal, said } = recordingTerminal(false);
  const code = await outcomeOf(run, { signal: controller.signal, json, debug, terminal });
  return { code, out: said.out, error: said.error };
}
const failing =
  (error: unknown): CommandRun =>
  () =>
    Promise.reject(error);

describe('the exit code', () => {
  it('is the command’s', async () => {
    expect(await ending(async () => 0)).toEqual({ code: 0, out: '', error: '' });
    expect(await ending(async () => 3)).toEqual({ code: 3, out: '', error: '' });
  });

  it('is 1 after an error, which is one sentence on stderr', async () => {
    const error = new CommandError('trainer/data', 'x.h5 has no labels; name them with --labels.');
    expect(await ending(failing(error))).toEqual({
      code: 1,
      out: '',
      error: 'tokenunify: x.h5 has no labels; name them with --labels.\n',
    });
    expect(await ending(failing('a string'))).toEqual({ code: 1, out: '', error: 'tokenunify: a string\n' });
  });

  it('is 1 with --json too, and the error is also a line on stdout, with its code', async () => {
    const error = new CommandError('trainer/data', 'No.');
    const { code, out } = await ending(failing(error), { json: true });
    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual({ kind: 'error', code: 'trainer/data', message: 'No.' });
    expect(JSON.parse((await ending(failing(new Error('Odd.')), { json: true })).out)).toMatchObject({
      code: null,
    });
  });

  it('comes with a stack only for whoever asks', async () => {
    expect((await ending(failing(new Error('Odd.')), { debug: true })).error).toMatch(/Error: Odd\.\n +at /);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('after %s is %i, and nothing more is said', async (name, code) => {
    const interrupted = () => {
      const controller = new AbortController();
      const interruption = new Interruption(name);
      controller.abort(interruption);
      return { controller, interruption };
    };
    for (const wrap of [
      (error: Error) => error,
      (error: Error) => new Error('The run ended.', { cause: error }),
      () => new DOMException('This operation was aborted', 'AbortError'),
    ]) {
      const { controller, interruption } = interrupted();
      expect(await ending(failing(wrap(interruption)), { controller })).toEqual({ code, out: '', error: '' });
    }
    // a training ends in good order instead
    expect(await ending(async () => 130, { controller: interrupted().controller })).toMatchObject({ code });
    // and what was finished all the same was finished
    expect(await ending(async () => 0, { controller: interrupted().controller })).toMatchObject({ code: 0 });
  });

  it('is 1 when something else went wrong after the signal, as a disk that is full', async () => {
    const controller = new AbortController();
    controller.abort(new Interruption('SIGINT'));
    expect(await ending(failing(new Error('ENOSPC: no space left on device')), { controller })).toEqual({
      code: 1,
      out: '',
      error: 'tokenunify: ENOSPC: no space left on device\n',
    });
  });
});

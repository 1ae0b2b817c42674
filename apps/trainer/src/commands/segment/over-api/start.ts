import type { ApiClient } from '@tokenunify/api/client';
import type { Reporter } from '../../../progress/reporter.ts';
import { clearBeside, placesBeside } from '../place.ts';
import { newKey, stateFileOf, type State } from './state.ts';

/**
 * Where to go on: at what an earlier command left, if it was about the same. What it left on the server for nothing is
 * deleted.
 */
export async function startingState(
  before: State | undefined,
  fresh: Pick<State, 'version' | 'server' | 'input' | 'request'>,
  {
    api,
    output,
    reporter,
  }: { readonly api: ApiClient; readonly output: string; readonly reporter: Reporter },
): Promise<State> {
  const anew: State = { ...fresh, token: newKey().slice(0, 8), key: newKey() };
  if (!before) return anew;
  if (before.server !== fresh.server) {
    reporter.note(`${stateFileOf(output)} is of another server; starting anew.`);
    await clearBeside(placesBeside(output, before.token));
    return anew;
  }
  const sameInput = before.input === fresh.input;
  if (sameInput && before.request === fresh.request) {
    reporter.note('Going on with what an earlier command began.');
    return before;
  }
  await clearBeside(placesBeside(output, before.token));
  if (before.job !== undefined) await dropJob(api, before.job);
  if (sameInput && before.volume !== undefined) {
    reporter.note('The options are others than before: a new segmentation of what was uploaded.');
    return { ...anew, token: before.token, volume: before.volume };
  }
  reporter.note('The input is another than before; starting anew.');
  if (before.volume !== undefined) await api.deleteVolume(before.volume).catch(() => undefined); // it may be gone
  return anew;
}

/** Best effort: that job is no part of what was asked for now. */
async function dropJob(api: ApiClient, id: string): Promise<void> {
  await api.cancelSegmentation(id).catch(() => undefined);
  await api.deleteSegmentation(id).catch(() => undefined);
}

import { createClient, isApiError, type ApiClient } from '@tokenunify/api/client';
import { basename } from 'node:path';
import { openVolume, wholeBox, type Box, type Volume } from '@tokenunify/em-io';
import { CommandError } from '../../../errors.ts';
import { createReporter, type Reporter } from '../../../progress/reporter.ts';
import { parseBox } from '../../../sampling/box.ts';
import { needsRawRange } from '../input.ts';
import type { SegmentCommand } from '../options.ts';
import { checkOutput, refuseReplacing } from '../output.ts';
import { clearBeside, exists, placesBeside, putInPlace } from '../place.ts';
import type { Context } from './context.ts';
import { download } from './download.ts';
import { digestOf, fingerprintOf } from './fingerprint.ts';
import { shapeOf } from './grid.ts';
import { runJob } from './job.ts';
import { createPatience } from './patience.ts';
import {
  newKey,
  readState,
  removeState,
  stateFileOf,
  writeState,
  type State,
  type Summary,
} from './state.ts';
import { upload } from './upload.ts';

/** `tokenunify segment --api URL IN OUT`: the same labels, made by a server. */
export async function runSegmentOverApi(
  input: string,
  output: string,
  command: SegmentCommand & { readonly api: string },
  signal: AbortSignal,
  reporter: Reporter = createReporter(command),
): Promise<number> {
  const began = Date.now();
  const stateFile = stateFileOf(output);
  const before = await readState(stateFile);
  const placed =
    before?.placing !== undefined && !(await exists(placesBeside(output, before.token).unfinished));
  await checkOutput(output, { overwrite: command.overwrite || placed, input });
  const api = clientOf(command);
  const patienceSeconds = command.patience ?? 600;
  const { dataset } = command;
  const volume = await openVolume(input, { signal, ...(dataset !== undefined && { dataset }) });
  try {
    // of a URL without its query, which may be a signature
    const shown = /^https?:/i.test(input) ? volume.location : input;
    const name = basename(shown.replace(/:\/(?!\/).*$/, '')).slice(0, 180);
    const box = boxOf(volume, shown, command);
    const patience = createPatience({ seconds: patienceSeconds, signal, reporter });
    const request = requestOf(name, command);
    const fresh = {
      version: 1,
      server: api.volumeUrl('').replace(/\/v1\/volumes\/$/, ''),
      input: await fingerprintOf(input, volume, box),
      request: digestOf(request),
    } as const;
    if (placed && (before.input !== fresh.input || before.request !== fresh.request))
      await checkOutput(output, { overwrite: command.overwrite, input });
    let state = await startingState(before, fresh, { api, output, reporter });
    const context: Context = {
      ...{ api, patience, patienceSeconds, reporter, signal, volume, box, request },
      headers: command.apiKey === undefined ? {} : { authorization: `Bearer ${command.apiKey}` },
      name,
      state: () => state,
      async remember(change) {
        state = { ...state, ...change };
        await writeState(stateFile, state);
      },
    };
    await context.remember({});
    const summary = await labelled(context, output, command);
    const left = command.keep ? {} : await clean(context);
    await removeState(stateFile);
    tell(reporter, output, summary, { seconds: (Date.now() - began) / 1000, ...left });
    return 0;
  } catch (error) {
    if (signal.aborted && (await exists(stateFile)))
      reporter.note(
        'Stopped; run the same command again to go on. What the server has begun, it goes on with.',
      );
    throw error;
  } finally {
    await volume.close();
  }
}

/** Everything from the upload to the output in its place; what is done already is passed over. */
async function labelled(context: Context, output: string, command: SegmentCommand): Promise<Summary> {
  const { token, placing } = context.state();
  const places = placesBeside(output, token);
  if (placing && !(await exists(places.unfinished)) && (await exists(places.final))) return placing;
  await checkServer(context, command);
  const job = await runJob(context, await upload(context));
  try {
    await download(context, job, places);
    const { labelCount, fragmentCount, shape } = job.result;
    const summary: Summary = {
      ...{ labels: labelCount, fragments: fragmentCount, shape, job: job.id },
      ...{ model: job.model.digest, warnings: job.warnings },
    };
    await refuseReplacing(output, command.overwrite);
    await context.remember({ placing: summary });
    await putInPlace(places);
    return summary;
  } catch (error) {
    await clearBeside(places);
    throw error;
  }
}

function clientOf({ api, apiKey }: SegmentCommand & { readonly api: string }): ApiClient {
  try {
    return createClient(api, { ...(apiKey !== undefined && { apiKey }), retries: 1 });
  } catch (cause) {
    throw new CommandError('trainer/usage', cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function boxOf(volume: Volume, input: string, { box, rawRange }: SegmentCommand): Box {
  needsRawRange(volume, input, rawRange);
  if (volume.channels !== undefined)
    throw new CommandError(
      'trainer/data',
      `${input} has ${volume.channels} channels, but a volume to segment is (z, y, x); write one channel to a volume of its own.`,
    );
  return box === undefined ? wholeBox(volume.shape) : parseBox(box, volume.shape);
}

function requestOf(name: string, command: SegmentCommand): Context['request'] {
  const { rawRange, model, threshold, scoring, minimumSize, cell } = command;
  const postprocessing = {
    ...(threshold !== undefined && { threshold }),
    ...(scoring !== undefined && { scoring }),
    ...(minimumSize !== undefined && { minimumSize }),
    ...(cell && { cell: [...cell] as [number, number, number] }), // three, as the parser made it
  };
  return {
    name,
    ...(rawRange && { rawRange: [rawRange[0], rawRange[1]] }),
    ...(model !== undefined && { model }),
    ...(Object.keys(postprocessing).length > 0 && { postprocessing }),
  };
}

/**
 * Where to go on: at what an earlier command left, if it was about the same. What it left on the server for nothing is
 * deleted.
 */
async function startingState(
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

/** What can be known to be refused is refused before hours of uploading. */
async function checkServer(
  { api, patience, signal, box, request }: Context,
  { api: url }: SegmentCommand,
): Promise<void> {
  const { model } = await patience(() => api.health({ signal }));
  const shape = shapeOf(box);
  if (request.model !== undefined || shape.every((length, axis) => length >= model.minimumShape[axis]!))
    return;
  throw new CommandError(
    'trainer/data',
    `The volume is ${shape.join(' x ')}, but ${model.name} of ${String(url)} takes ${model.minimumShape.join(' x ')} at least (z, y, x); choose a larger box.`,
  );
}

/** The output is there: what cannot be deleted on the server is said, and is no failure. */
async function clean({ api, reporter, signal, state }: Context): Promise<{ kept?: readonly string[] }> {
  const { job, volume } = state();
  const kept: string[] = [];
  const gone = async (id: string | undefined, remove: (id: string) => Promise<void>) => {
    try {
      if (id !== undefined) await remove(id);
    } catch (error) {
      signal.throwIfAborted();
      if (isApiError(error, 'segmentation-not-found', 'volume-not-found')) return;
      kept.push(String(id));
      reporter.note(
        `${id} could not be deleted on the server: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  };
  await gone(job, (id) => api.deleteSegmentation(id, { signal }));
  await gone(volume, (id) => api.deleteVolume(id, { signal }));
  return kept.length > 0 ? { kept } : {};
}

function tell(
  reporter: Reporter,
  output: string,
  summary: Summary,
  more: { readonly seconds: number; readonly kept?: readonly string[] },
): void {
  const { labels, fragments, shape } = summary;
  reporter.result(
    `${output}: ${labels} labels from ${fragments} fragments, ${shape.join(' x ')} voxels in ${more.seconds.toFixed(1)} s`,
    { output, ...summary, ...more },
  );
}

import { basename } from 'node:path';
import { isApiError } from '@tokenunify/api/client';
import { openVolume } from '@tokenunify/em-io';
import { createReporter, type Reporter } from '../../../progress/reporter.ts';
import type { SegmentCommand } from '../options.ts';
import { checkOutput, refuseReplacing } from '../output.ts';
import { clearBeside, exists, placesBeside, putInPlace, settlePlaces } from '../place.ts';
import { boxOf, checkServer, clientOf, requestOf } from './asked.ts';
import { claimOutput } from './claim.ts';
import { clean } from './clean.ts';
import type { Context } from './context.ts';
import { download } from './download.ts';
import { digestOf, fingerprintOf } from './fingerprint.ts';
import { runJob } from './job.ts';
import { createPatience } from './patience.ts';
import { startingState } from './start.ts';
import { readState, removeState, stateFileOf, writeState, type Summary } from './state.ts';
import { upload } from './upload.ts';

/** `tokenunify segment --api URL IN OUT`: the same labels, made by a server. */
export async function runSegmentOverApi(
  input: string,
  output: string,
  command: SegmentCommand & { readonly api: string },
  signal: AbortSignal,
  reporter: Reporter = createReporter(command),
): Promise<number> {
  const release = await claimOutput(output);
  try {
    await runClaimed(input, output, command, signal, reporter);
    // Last, when the result is told: killed before, the same command tells it again; killed after, it had done everything.
    await removeState(stateFileOf(output));
    return 0;
  } finally {
    await release();
  }
}

async function runClaimed(
  input: string,
  output: string,
  command: SegmentCommand & { readonly api: string },
  signal: AbortSignal,
  reporter: Reporter,
): Promise<void> {
  const began = Date.now();
  const stateFile = stateFileOf(output);
  const before = await readState(stateFile);
  if (before) await settlePlaces(placesBeside(output, before.token));
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
    const summary = await labelled(context, output, command).catch(async (error: unknown) => {
      // refused before there was anything on the server: nothing to go on with
      if (isApiError(error) && state.volume === undefined) await removeState(stateFile);
      throw error;
    });
    const left = command.keep ? {} : await clean(context);
    tell(reporter, output, summary, { seconds: (Date.now() - began) / 1000, ...left });
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
  await context.remember({ placing: undefined });
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
    // in this order: that nothing is beside its place would otherwise mean that it is in it
    if (context.state().placing) await context.remember({ placing: undefined });
    await clearBeside(places);
    throw error;
  }
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

import { isCommandError } from '../../../errors.ts';
import { checkCrops } from '../crops.ts';
import { NightError, withResumable, wrong } from '../errors.ts';
import { heldOut, toTrainOn, type Context, type Step } from '../context.ts';
import { readReference } from '../reference.ts';

/** The manifest with every checksum, and the reference volume: what is wrong there is said before anything else. */
export const read: Step<'read'> = async (context) => {
  const { config, directory, signal, remember } = context;
  const entries = await checkedEntries(context);
  checkCrops(config, entries);
  await readReference(config, signal);
  const seen = await directory.seen();
  const train = toTrainOn({ annotations: entries });
  const fresh = train.filter(({ key }) => !seen.has(key)).map(({ key }) => key);
  await remember({ annotations: entries, fresh });
  const data = {
    train: train.length,
    heldOut: heldOut({ annotations: entries }).length,
    fresh: fresh.length,
  };
  return {
    summary: `${data.train} annotations to train on, ${data.fresh} of them new, and ${data.heldOut} held out.`,
    data,
  };
};

/** The manifest, every checksum verified. @throws NightError, exit code 2, when it or a volume of it is wrong */
export async function checkedEntries({
  config,
  tools,
  reporter,
  signal,
}: Pick<Context, 'config' | 'reporter' | 'signal'> & {
  readonly tools: Pick<Context['tools'], 'readManifest'>;
}) {
  const progress = (line: Parameters<typeof reporter.progress>[0]) => reporter.progress(line);
  const { entries } = await tools
    .readManifest(config.manifest, { signal, progress })
    .catch((error: unknown) => {
      throw isCommandError(error, 'trainer/manifest') ? wrong(error.message, error) : error;
    });
  return entries;
}

/**
 * Verifies the annotations of a night that goes on: a changed checksum must not decide over a champion.
 *
 * @returns whether one of them is not in the manifest any more, or on the other side of the split
 * @throws NightError, exit code 2, when the manifest or its volumes are wrong by now; the night can be gone on with
 */
export async function isOutdated(context: Context): Promise<boolean> {
  const entries = await checkedEntries(context).catch((error: unknown) => {
    throw error instanceof NightError ? withResumable(error, true) : error;
  });
  const there = new Set(entries.map(({ key, split }) => `${split} ${key}`));
  return context.night().annotations.some(({ key, split }) => !there.has(`${split} ${key}`));
}

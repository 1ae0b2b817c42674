import { isCommandError } from '../../../errors.ts';
import { wrong } from '../errors.ts';
import { heldOut, toTrainOn, type Step } from '../context.ts';
import { readReference } from '../reference.ts';

/** The manifest with every checksum, and the reference volume: what is wrong there is said before anything else. */
export const read: Step<'read'> = async (context) => {
  const { config, directory, tools, reporter, signal, remember } = context;
  const { entries } = await tools
    .readManifest(config.manifest, { signal, progress: (line) => reporter.progress(line) })
    .catch((error: unknown) => {
      throw isCommandError(error, 'trainer/manifest') ? wrong(error.message, error) : error;
    });
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

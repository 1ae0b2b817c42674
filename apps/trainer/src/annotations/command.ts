import { dirname, resolve } from 'node:path';
import { CommandError, isCommandError } from '../errors.ts';
import { createReporter, type Reporter } from '../progress/reporter.ts';
import { addToManifest } from './add.ts';
import { digestOf } from './digest.ts';
import { seenFromFolder, shown } from './location.ts';
import { ranges, voxelsOf, withAnnotation } from './open.ts';
import type { WrittenEntry } from './schema.ts';
import type { Manifest, Split } from './types.ts';

export interface AnnotateCommand {
  readonly manifest: string;
  /** As em-io opens them, seen from the working directory. */
  readonly raw: string;
  readonly labels: string;
  /** z,y,x ranges; the whole volume when absent. */
  readonly box?: string;
  readonly split: Split;
  readonly json: boolean;
}

/** `tokenunify annotate`: adds a labelled box to the manifest that the nightly run reads. */
export async function runAnnotate(
  command: AnnotateCommand,
  signal: AbortSignal,
  reporter: Reporter = createReporter(command),
): Promise<number> {
  const { manifest: file, split } = command;
  const entry = await describe(command, signal, reporter);
  const progress = reporter.progress.bind(reporter);
  const manifest = await addToManifest(file, entry, { signal, progress });
  const added = manifest.entries.at(-1)!; // the one just added
  const counts = { train: count(manifest, 'train'), heldOut: count(manifest, 'held-out') };
  if (counts.train === 0 || counts.heldOut === 0)
    reporter.note(
      `${file} has no ${counts.train === 0 ? 'train' : 'held-out'} entry yet; \`npx tokenunify retrain\` needs entries of both.`,
    );
  reporter.result(
    `Entry ${added.number} of ${file}: ${shown(entry.raw)} ${entry.box} (${voxelsOf(added.box)} voxels), ${split}, sha256 ${entry.sha256}`,
    {
      file,
      number: added.number,
      ...entry,
      raw: shown(entry.raw),
      labels: shown(entry.labels),
      key: added.key,
      entries: counts,
    },
  );
  return 0;
}

async function describe(
  { manifest, raw, labels, box, split }: AnnotateCommand,
  signal: AbortSignal,
  reporter: Reporter,
): Promise<WrittenEntry> {
  const folder = dirname(resolve(manifest));
  const place = { raw, labels, ...(box !== undefined && { box }) };
  try {
    return await withAnnotation(place, { signal }, async (open) => {
      const progress = (done: number, total: number) => reporter.progress({ stage: 'checksum', done, total });
      const { sha256 } = await digestOf(open, { signal, progress });
      return {
        raw: seenFromFolder(folder, raw),
        labels: seenFromFolder(folder, labels),
        box: ranges(open.box),
        sha256,
        split,
      };
    });
  } catch (error) {
    // there is no entry yet that could be named: it is an option that is wrong
    if (isCommandError(error, 'trainer/manifest'))
      throw new CommandError('trainer/usage', error.message, error);
    throw error;
  }
}

const count = ({ entries }: Manifest, split: Split): number =>
  entries.filter((entry) => entry.split === split).length;

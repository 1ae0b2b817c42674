import {
  createVolume,
  openVolume,
  volumeFromArray,
  wholeBox,
  type NdArray,
  type Vec3,
  type Volume,
} from '@tokenunify/em-io';
import { segment, type PostProcessing, type SegmentResult } from '@tokenunify/segmentation';
import { CommandError } from '../errors.ts';
import { createReporter, type Reporter } from '../progress/reporter.ts';
import { parseBox } from '../sampling/box.ts';
import { packagePredictor, parsePostprocessing } from './predictors.ts';

export interface SegmentCommand {
  readonly model: string;
  readonly affinities?: string;
  readonly postprocessing?: string;
  readonly threshold?: number;
  readonly threads?: number;
  readonly overwrite: boolean;
  readonly box?: string;
  readonly json: boolean;
}

/** `tokenunify segment IN OUT`: labels of a volume, as the API would give them. */
export async function runSegment(
  input: string,
  output: string,
  command: SegmentCommand,
  signal: AbortSignal,
  reporter: Reporter = createReporter(command),
): Promise<number> {
  const began = Date.now();
  const named = await packagePredictor(command.model, {
    signal,
    ...(command.threads ? { threads: command.threads } : {}),
  });
  try {
    const volume = await openBoxed(input, command.box);
    try {
      const chosen = command.postprocessing
        ? parsePostprocessing(command.postprocessing)
        : named.postprocessing;
      if (!chosen)
        throw new CommandError(
          'trainer/data',
          `${command.model} has no post-processing; give --postprocessing.`,
        );
      const postprocessing: PostProcessing =
        command.threshold === undefined
          ? chosen
          : { ...chosen, agglomeration: { ...chosen.agglomeration, threshold: command.threshold } };
      const { inputScale, minimumShape, predictor } = named;
      const result = await drain(
        segment(volume, predictor, { postprocessing, inputScale, minimumShape, signal }),
        reporter,
      );
      const details = {
        ...(volume.voxelSize ? { voxelSize: volume.voxelSize } : {}),
        overwrite: command.overwrite,
      };
      const { shape, labels, affinities } = result;
      await save(output, { dtype: 'uint32', shape: [...shape], data: labels }, shape, undefined, details);
      if (command.affinities !== undefined)
        await save(
          command.affinities,
          { dtype: 'uint8', shape: [3, ...shape], data: affinities.data },
          shape,
          3,
          details,
        );
      const seconds = (Date.now() - began) / 1000;
      reporter.result(
        `${output}: ${result.count} labels from ${result.fragmentCount} fragments, ${shape.join(' x ')} voxels in ${seconds.toFixed(1)} s`,
        {
          output,
          labels: result.count,
          fragments: result.fragmentCount,
          shape,
          seconds,
          model: named.package?.digest ?? null,
        },
      );
      return 0;
    } finally {
      await volume.close();
    }
  } finally {
    await named.close();
  }
}

/** A volume, or a box of one as a volume of its own: nothing outside the box has a say. */
async function openBoxed(location: string, text: string | undefined): Promise<Volume> {
  const volume = await openVolume(location);
  if (text === undefined) return volume;
  try {
    const array = await volume.read(parseBox(text, volume.shape));
    return volumeFromArray(array, { location, ...(volume.voxelSize ? { voxelSize: volume.voxelSize } : {}) });
  } finally {
    await volume.close();
  }
}

async function drain(
  steps: AsyncGenerator<{ stage: string; done: number; total: number }, SegmentResult>,
  reporter: Reporter,
): Promise<SegmentResult> {
  for (;;) {
    const { value, done } = await steps.next();
    if (done) return value;
    reporter.progress({ stage: value.stage, done: value.done, total: value.total });
  }
}

interface SaveDetails {
  readonly voxelSize?: Vec3;
  readonly overwrite: boolean;
}

/** Writes a whole array; the extension picks the format. */
async function save(
  location: string,
  array: NdArray,
  shape: Vec3,
  channels: number | undefined,
  details: SaveDetails,
): Promise<void> {
  const volume = await createVolume(location, {
    shape,
    dtype: array.dtype,
    ...(channels ? { channels } : {}),
    ...details,
  });
  await volume.write(wholeBox(shape), array);
  await volume.close(); // completes the file; after an error the unfinished one stays invisible
}

import { readModelPackage } from '@tokenunify/model';
import { segment } from '@tokenunify/segmentation';
import { createReporter, drain, type Reporter } from '../../progress/reporter.ts';
import { choosePostprocessing, packagePredictor } from '../predictors.ts';
import { openInput } from './input.ts';
import { withChanges, type SegmentCommand } from './options.ts';
import { checkOutput, saveVolume } from './output.ts';

/** `tokenunify segment IN OUT`: labels of a volume, as the API would give them. */
export async function runSegment(
  input: string,
  output: string,
  command: SegmentCommand & { readonly model: string },
  signal: AbortSignal,
  reporter: Reporter = createReporter(command),
): Promise<number> {
  const began = Date.now();
  const { affinities: affinitiesPath, overwrite, rawRange, threads } = command;
  // all that can be refused is refused before the first tile is inferred
  await checkOutput(output, { overwrite, input });
  if (affinitiesPath !== undefined) await checkOutput(affinitiesPath, { overwrite, input, besides: output });
  const model = await readModelPackage(command.model);
  const postprocessing = withChanges(choosePostprocessing(command.postprocessing, model), command);
  const volume = await openInput(input, command, signal);
  try {
    const { predictor, inputScale, minimumShape, close } = await packagePredictor(model, {
      signal,
      ...(threads && { threads }),
    });
    try {
      const options = { postprocessing, inputScale, minimumShape, signal, ...(rawRange && { rawRange }) };
      const result = await drain(segment(volume, predictor, options), reporter);
      const { shape, labels, affinities } = result;
      const details = { overwrite, ...(volume.voxelSize && { voxelSize: volume.voxelSize }) };
      await saveVolume(output, { dtype: 'uint32', shape, data: labels }, details);
      if (affinitiesPath !== undefined)
        await saveVolume(
          affinitiesPath,
          { dtype: 'uint8', shape: [3, ...shape], data: affinities.data },
          details,
        );
      const seconds = (Date.now() - began) / 1000;
      reporter.result(
        `${output}: ${result.count} labels from ${result.fragmentCount} fragments, ${shape.join(' x ')} voxels in ${seconds.toFixed(1)} s`,
        {
          ...{ output, labels: result.count, fragments: result.fragmentCount },
          ...{ shape, seconds, model: model.digest },
        },
      );
      return 0;
    } finally {
      await close();
    }
  } finally {
    await volume.close();
  }
}

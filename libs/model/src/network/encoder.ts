import type { Ops } from '../ops/ops.ts';
import { convolution, gatedSpatialConvolution, residualBlock } from './convolution.ts';
import { mambaLayer } from './mamba.ts';
import { scoped, type ParameterSource } from './parameters.ts';
import type { Preset, StagePreset } from './preset.ts';
import { segmentOf } from './segment.ts';
import { transformerLayer } from './transformer.ts';

/**
 * A crop (a map of one channel) -> features of the encoder: the stem's at full resolution, then one map per stage. The
 * last is the bottom, which the decoder and the resampler start from: the last stage's map, or the bottleneck's.
 */
export function encode<T>(ops: Ops<T>, p: ParameterSource<T>, preset: Preset, crop: T): readonly T[] {
  const maps: T[] = [segmentOf(ops, scoped(p, 'stem'), crop, (at, x) => stem(ops, at, preset, x))];
  let features = preset.stem.beside === true ? crop : (maps[0] as T); // the stem's map
  preset.stages.forEach((stage, index) => {
    features = encoderStage(ops, scoped(p, `stage${index + 1}`), { preset, stage }, features);
    maps.push(features);
  });
  const { bottleneck } = preset;
  if (bottleneck)
    maps[maps.length - 1] = segmentOf(ops, scoped(p, 'bottleneck'), features, (at, x) =>
      residualBlock(ops, at, x, bottleneck),
    );
  return maps;
}

function stem<T>(ops: Ops<T>, p: ParameterSource<T>, { stem, residual }: Preset, crop: T): T {
  const { width, kernel } = stem;
  return residual === true
    ? residualBlock(ops, p, crop, { width, kernel })
    : convolution(ops, p, crop, { width, kernel, norm: true, relu: true });
}

/** Down-sampling and gated spatial convolution, then the sequence layers. */
function encoderStage<T>(
  ops: Ops<T>,
  p: ParameterSource<T>,
  { preset, stage }: { preset: Preset; stage: StagePreset },
  above: T,
): T {
  const { width, kernel, strides } = stage;
  const spatialKernel = stage.spatialKernel ?? preset.spatialKernel ?? preset.decoderKernel;
  // A segment a layer, not a stage: the map between two layers is a thirtieth of what a layer holds inside.
  let features = segmentOf(ops, p, above, (at, x) => {
    const down = convolution(ops, scoped(at, 'down'), x, { width, kernel, strides });
    return gatedSpatialConvolution(ops, scoped(at, 'spatial'), down, spatialKernel);
  });
  const { sequence = 'mamba' } = preset;
  for (let layer = 0; layer < stage.mambaLayers; layer++)
    features = segmentOf(ops, scoped(p, `${sequence}${layer + 1}`), features, (at, x) =>
      sequenceLayer(ops, at, preset, x),
    );
  return features;
}

/** One sequence layer: a map in, a map of its shape out, whichever kind the preset asks for. */
function sequenceLayer<T>(ops: Ops<T>, p: ParameterSource<T>, preset: Preset, map: T): T {
  return preset.sequence === 'transformer' && preset.transformer
    ? transformerLayer(ops, p, map, preset.transformer)
    : mambaLayer(ops, p, map, preset.mamba);
}

import type { Ops } from '../ops/ops.ts';
import { decoderStep, residualBlock, residualDecoderStep } from './convolution.ts';
import { scoped, type ParameterSource } from './parameters.ts';
import type { Preset } from './preset.ts';
import { segment, segmentOf } from './segment.ts';

/** The encoder's maps -> features at full resolution, of the stem's width, with a skip connection at every scale. */
export function decode<T>(ops: Ops<T>, p: ParameterSource<T>, preset: Preset, maps: readonly T[]): T {
  const residual = preset.residual === true;
  const step = residual ? residualDecoderStep : decoderStep;
  let features = maps[maps.length - 1] as T; // never empty
  for (let index = preset.stages.length - 1; index >= 0; index--) {
    const skip = residual ? widenedSkip(ops, p, preset, maps, index) : (maps[index] as T); // one map a stage, and the stem's
    const options = {
      factors: preset.stages[index]!.strides,
      width: ops.mapShape(skip).channels,
      kernel: residual && index === 0 ? preset.stem.kernel : preset.decoderKernel,
    };
    features = segment(ops, scoped(p, `decoder${index}`), [features, skip], (own, [below, beside]) => [
      step(ops, own, below as T, beside as T, options),
    ])[0] as T; // two in, one out
  }
  if (!residual) return features;
  return segmentOf(ops, scoped(p, 'refine'), features, (at, x) => residualBlock(ops, at, x, preset.stem));
}

/** Below full resolution, a skip connection runs through a residual block of the next stage's width. */
function widenedSkip<T>(
  ops: Ops<T>,
  p: ParameterSource<T>,
  preset: Preset,
  maps: readonly T[],
  index: number,
): T {
  const map = maps[index] as T; // one map a stage, and the stem's, which is the output of such a block already
  if (index === 0) return map;
  const block = { width: preset.stages[index]!.width, kernel: preset.decoderKernel };
  return segmentOf(ops, scoped(p, `skip${index}`), map, (at, x) => residualBlock(ops, at, x, block));
}

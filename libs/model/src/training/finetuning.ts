import type * as tfjs from '@tensorflow/tfjs';
import { describeNetwork } from '../network/describe.ts';
import { affinityForward } from '../network/network.ts';
import { checkCrop, type Preset } from '../network/presets.ts';
import type { Vec3 } from '../ops/ops.ts';
import type { Tf } from '../ops/tensor-ops.ts';
import type { Random } from '../random.ts';
import { affinityTargets, type AffinityTargets } from './affinities.ts';
import type { CommonOptions } from './pretraining.ts';
import { train } from './train.ts';
import { transferWeights, type Weights } from './weights.ts';

export interface LabelledCrop {
  /** In [0, 1], row-major [z, y, x]. */
  readonly raw: Float32Array;
  /** Neuron ids, 0 = unlabelled. */
  readonly labels: Uint32Array;
}

export interface FinetuningOptions extends CommonOptions {
  readonly preset: Preset;
  readonly crop: Vec3;
  /** Crops a micro-batch. */
  readonly batch: number;
  /** Pretrained weights; whatever has the same name and shape is taken. Absent: from scratch. */
  readonly pretrained?: Weights;
  readonly erode: boolean;
  sampleCrop(shape: Vec3, random: Random): LabelledCrop | Promise<LabelledCrop>;
  /** Names where a crop came from (volume and offset), for the error of a loss that is no number. */
  origin?(crop: LabelledCrop): string;
}

interface AffinityBatch extends AffinityTargets {
  readonly raw: Float32Array;
  readonly count: number;
  readonly crops: readonly LabelledCrop[];
}

/** Fine-tuning everything to the three nearest-neighbour affinities; see `train` for what it yields. */
export function finetune({ origin, ...options }: FinetuningOptions): ReturnType<typeof train> {
  const { preset, crop, batch } = options;
  checkCrop(preset, crop);
  const { parameters } = describeNetwork(preset, 'affinities', crop);
  const { weights } = transferWeights(parameters, options.pretrained ?? new Map(), options.seed);
  const size = crop[0] * crop[1] * crop[2];
  return train<AffinityBatch>({
    ...options,
    parameters,
    weights,
    async sample(_step, random) {
      const out = {
        raw: new Float32Array(batch * size),
        targets: new Float32Array(batch * size * 3),
        mask: new Float32Array(batch * size * 3),
        count: batch,
        crops: [] as LabelledCrop[],
      };
      for (let i = 0; i < batch; i++) {
        const sampled = await options.sampleCrop(crop, random);
        const { raw, labels } = sampled;
        out.crops.push(sampled);
        const { targets, mask } = affinityTargets(labels, crop, options.erode);
        out.raw.set(raw, i * size);
        out.targets.set(targets, i * size * 3);
        out.mask.set(mask, i * size * 3);
      }
      return out;
    },
    ...(origin ? { origin: ({ crops }) => crops.map(origin).join(', ') } : {}),
    voxels: ({ count }) => count * size,
    loss(ops, p, { raw, targets, mask, count }) {
      const { tf } = ops;
      const logits = affinityForward(ops, p, preset, tf.tensor5d(raw, [count, ...crop, 1]));
      const total = balancedCrossEntropy(tf, logits, targets, mask);
      return { total };
    },
  });
}

/**
 * Binary cross-entropy on counted links, with the rarer class (links across a boundary) weighted up to half of the loss,
 * bounded so that a crop with hardly any boundary does not explode.
 */
export function balancedCrossEntropy(
  tf: Tf,
  logits: tfjs.Tensor,
  targets: Float32Array,
  mask: Float32Array,
): tfjs.Scalar {
  let [counted, positive] = [0, 0];
  for (let i = 0; i < mask.length; i++) {
    counted += mask[i]!;
    positive += mask[i]! * targets[i]!;
  }
  const share = Math.min(0.95, Math.max(0.05, positive / Math.max(1, counted)));
  const [inside, across] = [0.5 / share, 0.5 / (1 - share)];
  const weights = mask.map((m, i) => m * (targets[i]! > 0 ? inside : across));
  const t = tf.tensor(targets, logits.shape);
  // log(1 + e^x) - x t: softplus is stable for any logit, and its gradient is right at 0, which those of relu and abs,
  // both 0 there, are not (fresh heads give many logits of exactly 0)
  const entropy = tf.softplus(logits).sub(logits.mul(t));
  return entropy.mul(tf.tensor(weights, logits.shape)).sum().div(Math.max(1, counted)) as tfjs.Scalar;
}

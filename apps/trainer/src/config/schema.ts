/** The settings a file may give to `pretrain` and `finetune`: everything of a training but its data and where it goes. */
import { z } from 'zod';
import { engineField, number, positiveNumber, seed, text, triple, wholeNumber, yesOrNo } from './fields.ts';

const rate = positiveNumber(10);
const share = number(0, 1);
const steps = wholeNumber(1, 100_000_000);

const warmup = z
  .strictObject(
    { steps: wholeNumber(0, 100_000_000).optional(), share: share.optional() },
    'an object as {"share": 0.05} or {"steps": 500}',
  )
  .refine((value) => (value.steps === undefined) !== (value.share === undefined), {
    error: 'either {"share": 0.05}, of all steps, or {"steps": 500}',
  });

const schedule = z
  .strictObject(
    {
      peak: rate.optional(),
      peakPer256: rate.optional(),
      warmup: warmup.optional(),
      final: share.optional(),
    },
    'an object as {"peak": 0.002, "final": 0.02}',
  )
  .refine(({ peak, peakPer256 }) => peak === undefined || peakPer256 === undefined, {
    error: 'either a peak, or a peakPer256, which is multiplied by batch / 256',
  });

const beta = z
  .number('a number from 0 to below 1')
  .min(0, 'a number from 0 to below 1')
  .lt(1, 'a number from 0 to below 1');

const optimizer = z.strictObject(
  {
    betas: z.tuple([beta, beta], 'two numbers from 0 to below 1, as [0.9, 0.95]').optional(),
    epsilon: positiveNumber(1).optional(),
    weightDecay: number(0, 1000).optional(),
    clipNorm: positiveNumber(1e6).optional(),
  },
  'an object as {"betas": [0.9, 0.95], "weightDecay": 0.05}',
);

const intensityNames = ['none', 'mild', 'strong'] as const;
const intensityError =
  'none, mild, strong, or an object as {"contrast": 0.1, "brightness": 0.05, "gamma": 0.1, "noise": 0}';
const augmentation = z.strictObject(
  {
    intensity: z
      .union(
        [
          z.enum(intensityNames),
          z.strictObject({ contrast: share, brightness: share, gamma: number(0, 4), noise: share }),
        ],
        intensityError,
      )
      .optional(),
  },
  'an object as {"intensity": "mild"}',
);

const common = {
  /** For people. */
  description: text('a text').optional(),
  preset: text('the name of a preset, as "nano" or "base-anisotropic"').optional(),
  /** Crops a step, however many go through the network at once. */
  batch: wholeNumber(1, 1_000_000).optional(),
  voxelsPerStep: wholeNumber(1, 2 ** 40).optional(),
  epochs: positiveNumber(1_000_000).optional(),
  steps: steps.optional(),
  schedule: schedule.optional(),
  optimizer: optimizer.optional(),
  averageDecay: beta.optional(),
  recompute: yesOrNo.optional(),
  checkpointEvery: steps.optional(),
  isotropic: yesOrNo.optional(),
  augmentation: augmentation.optional(),
  engine: engineField.optional(),
  seed: seed.optional(),
};

const phase = z.strictObject(
  {
    until: positiveNumber(1),
    weights: z.strictObject(
      { random: share, next: share, nextAll: share },
      'an object as {"random": 0.73, "next": 0.18, "nextAll": 0.09}',
    ),
    crop: triple,
  },
  'an object as {"until": 0.3, "weights": {...}, "crop": [16, 80, 80]}',
);

const length = {
  error: 'a file with either steps or epochs',
  check: ({ steps: n, epochs }: { readonly steps?: unknown; readonly epochs?: unknown }) =>
    n === undefined || epochs === undefined,
};

export const pretrainSchema = z
  .strictObject(
    {
      ...common,
      curriculum: z.array(phase, 'a list of phases').min(1, 'a list of at least one phase').optional(),
      heldOut: number(0, 0.5).optional(),
      probeEvery: steps.optional(),
    },
    'an object',
  )
  .refine(length.check, length);

export const finetuneSchema = z
  .strictObject({ ...common, crop: triple.optional(), erode: yesOrNo.optional() }, 'an object')
  .refine(length.check, length);

export type PretrainConfig = z.infer<typeof pretrainSchema>;
export type FinetuneConfig = z.infer<typeof finetuneSchema>;
export type IntensityName = (typeof intensityNames)[number];

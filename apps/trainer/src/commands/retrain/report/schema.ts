import { z } from 'zod';
import {
  gateMetrics,
  outcomes,
  stepNames,
  type GateMetric,
  type NightReport,
  type Outcome,
  type StepName,
} from '../types.ts';

/** A tuple of literals, as `z.enum` wants them. */
const oneOf = <T extends string>(values: readonly T[]) => z.enum(values as readonly [T, ...T[]]); // none is empty

const both = <T extends z.ZodType>(of: T) => z.object({ champion: of, challenger: of });
const vec3 = z.tuple([z.number(), z.number(), z.number()]);
const box = z.object({ start: vec3, stop: vec3 });
const modelName = z.object({ digest: z.string(), name: z.string(), version: z.string() });
const annotation = z.object({
  number: z.int(),
  raw: z.string(),
  labels: z.string(),
  box,
  sha256: z.string(),
  split: z.enum(['train', 'held-out']),
  key: z.string(),
});
const score = z.object({
  voi: z.number(),
  voiSplit: z.number(),
  voiMerge: z.number(),
  adaptedRand: z.number().nullable(),
});
const loss = z.object({ split: z.number(), merge: z.number() });
const placed = { annotation: z.string(), source: z.string(), box, voxels: z.int() };

const comparison = z.object({
  boxes: z.array(both(score).extend(placed)),
  pooled: both(score),
  speed: both(z.number()),
  speedRatio: z
    .object({
      best: z.number(),
      by: z.enum(['processor', 'clock']),
      lowerQuartile: z.number(),
      upperQuartile: z.number(),
      rounds: z.int(),
    })
    .optional(),
  worst: z.array(
    both(loss).extend({
      ...placed,
      neuron: z.int(),
      at: vec3.optional(),
      axis: z.literal([0, 1, 2]).optional(),
      picture: z.base64().optional(),
    }),
  ),
});

const verdict = z.object({
  metric: oneOf<GateMetric>(gateMetrics),
  champion: z.number().nullable(),
  challenger: z.number().nullable(),
  improvement: z.number().nullable(),
  margin: z.number(),
  passed: z.boolean(),
  reason: z.string(),
});

/** What is told in the morning. Later programs may add fields; those that are here stay, or `format` changes. */
export const reportSchema = z.object({
  format: z.literal(1),
  night: z.string(),
  outcome: oneOf<Outcome>(outcomes),
  reason: z.string(),
  exitCode: z.int(),
  resumable: z.boolean(),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  seconds: z.number(),
  software: z.string(),
  server: z.string(),
  champion: modelName.optional(),
  challenger: modelName.optional(),
  serving: modelName.optional(),
  annotations: z.object({
    train: z.array(annotation),
    heldOut: z.array(annotation),
    fresh: z.array(z.string()),
  }),
  training: z.object({
    steps: z.int(),
    rate: z.number(),
    crop: vec3,
    batch: z.int(),
    checkpointEvery: z.int(),
    isotropic: z.boolean(),
    erode: z.boolean(),
    engine: z.string(),
    seed: z.int(),
  }),
  gate: z.partialRecord(oneOf<GateMetric>(gateMetrics), z.object({ margin: z.number() }).optional()),
  comparison: comparison.optional(),
  decision: z.object({ promote: z.boolean(), verdicts: z.array(verdict), reason: z.string() }).optional(),
  smoke: z
    .object({
      passed: z.boolean(),
      reason: z.string(),
      model: z.string().optional(),
      voi: z.number().optional(),
      maximumVoi: z.number(),
      sameAsHere: z.boolean().optional(),
      seconds: z.number().optional(),
    })
    .optional(),
  steps: z.array(
    z.object({
      step: oneOf<StepName>(stepNames),
      at: z.string(),
      seconds: z.number(),
      summary: z.string(),
      data: z.unknown(),
    }),
  ),
  notes: z.array(z.string()),
});

/** report.json. */
export type ReportFile = z.infer<typeof reportSchema>;

/** What of earlier reports is shown; read leniently, so that one bad file does not cost tonight's report. */
export const pastReportSchema = z.object({
  format: z.literal(1),
  night: z.string(),
  outcome: oneOf<Outcome>(outcomes),
  reason: z.string(),
  startedAt: z.iso.datetime(),
  seconds: z.number(),
  serving: modelName.optional(),
  comparison: z.object({ pooled: both(score) }).optional(),
});
export type PastReport = z.infer<typeof pastReportSchema>;

/** A report as it is written: with its format, without pictures (report.html has them) and without what URLs hide. */
export function reportFileOf(report: NightReport, shown: (location: string) => string): ReportFile {
  const { comparison, annotations, server, ...rest } = report;
  const location = <T extends { readonly raw: string; readonly labels: string }>(entry: T): T => ({
    ...entry,
    raw: shown(entry.raw),
    labels: shown(entry.labels),
  });
  return reportSchema.parse({
    format: 1,
    ...rest,
    server: shown(server),
    annotations: {
      train: annotations.train.map(location),
      heldOut: annotations.heldOut.map(location),
      fresh: annotations.fresh,
    },
    ...(comparison && {
      comparison: {
        ...comparison,
        boxes: comparison.boxes.map((one) => ({ ...one, source: shown(one.source) })),
        worst: comparison.worst.map(({ picture: _, ...one }) => ({ ...one, source: shown(one.source) })),
      },
    }),
  });
}

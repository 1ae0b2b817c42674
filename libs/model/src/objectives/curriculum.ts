import type { Vec3 } from '../ops/ops.ts';

/**
 * The curriculum of TokenUnify (arXiv 2405.16847): the loss is sum w_i(t) L_i over random, next and next-all, whose weights
 * move from the first to the last as training goes on, while the crop grows. It is plain data: `checkCurriculum` says
 * whether it is one.
 */
/** In the order in which a curriculum comes to them. */
export const objectives = ['random', 'next', 'nextAll'] as const;
export type Objective = (typeof objectives)[number];
export type ObjectiveWeights = Readonly<Record<Objective, number>>;

export interface CurriculumPhase {
  /** Share of training, in (0, 1], at which the phase ends. */
  readonly until: number;
  readonly weights: ObjectiveWeights;
  /** Voxels of a crop in this phase: progressive resolution means that it grows. */
  readonly crop: Vec3;
}
export type Curriculum = readonly CurriculumPhase[];

const cube = (size: number): Vec3 => [size, size, size];

/** Random-dominant to 30 % of training, next-dominant to 70 %, then next-all-dominant, while the crop grows. */
export const defaultCurriculum: Curriculum = [
  { until: 0.3, weights: { random: 0.73, next: 0.18, nextAll: 0.09 }, crop: cube(32) },
  { until: 0.7, weights: { random: 0.18, next: 0.73, nextAll: 0.09 }, crop: cube(48) },
  { until: 1, weights: { random: 0.09, next: 0.18, nextAll: 0.73 }, crop: cube(64) },
];

/** The objective with the largest weight; of several, the one that a curriculum comes to first. */
export const dominantObjective = (weights: ObjectiveWeights): Objective =>
  objectives.reduce((best, name) => (weights[name] > weights[best] ? name : best));

/**
 * The phase that a step belongs to: phases end at shares of training, so a longer training has the same plan.
 * @param step from 0, below `steps`
 */
export function phaseAt(curriculum: Curriculum, step: number, steps: number): CurriculumPhase {
  const progress = (step + 0.5) / steps;
  return curriculum.find(({ until }) => progress <= until) ?? curriculum[curriculum.length - 1]!;
}

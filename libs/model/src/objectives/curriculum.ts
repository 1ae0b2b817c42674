import { ModelError } from '../errors.ts';
import type { Vec3 } from '../ops/ops.ts';

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

/** Refuses a curriculum whose weights do not sum to one or whose phases do not cover training. */
export function checkCurriculum(curriculum: Curriculum): void {
  let before = 0;
  curriculum.forEach(({ until, weights }, index) => {
    const sum = objectives.reduce((total, name) => total + weights[name], 0);
    if (!(Math.abs(sum - 1) <= 1e-9) || objectives.some((name) => weights[name] < 0))
      throw new ModelError(
        'model/config',
        `Phase ${index} of the curriculum has weights that sum to ${sum}; they must be >= 0 and sum to 1.`,
      );
    if (until <= before || until > 1)
      throw new ModelError(
        'model/config',
        `Phase ${index} of the curriculum ends at ${until}; phases must end in ascending order, in (0, 1].`,
      );
    before = until;
  });
  if (before !== 1)
    throw new ModelError('model/config', `The curriculum ends at ${before}; its last phase must end at 1.`);
}

/** The phase that a step belongs to. */
export function phaseAt(curriculum: Curriculum, step: number, steps: number): CurriculumPhase {
  const progress = (step + 0.5) / steps;
  return curriculum.find(({ until }) => progress <= until) ?? curriculum[curriculum.length - 1]!;
}

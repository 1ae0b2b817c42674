import { ModelError } from '../errors.ts';
import {
  dominantObjective,
  objectives,
  type Curriculum,
  type CurriculumPhase,
  type ObjectiveWeights,
} from './curriculum.ts';

/**
 * Refuses what is no curriculum, from a file or from code:
 * - weights of every phase are numbers >= 0 for exactly the three objectives, and sum to 1 (to 1e-9);
 * - phases end at ascending shares of training, the last at 1;
 * - the dominant objective never goes back in the order random, next, next-all. One phase may be anything, so an objective
 *   can be trained alone; a phase of equal weights goes anywhere;
 * - the crop never shrinks, on no axis: progressive resolution.
 *
 * @throws ModelError `model/config` with the phase (from 0), the value and the limit
 * @example
 * checkCurriculum(JSON.parse(text).curriculum);
 */
export function checkCurriculum(curriculum: Curriculum): void {
  // it may come from a file, whatever its type says
  if (!Array.isArray(curriculum))
    throw refusal(`The curriculum is ${String(curriculum)}; it must be a list of phases.`);
  let before: CurriculumPhase | undefined;
  let reached = 0;
  for (const [index, phase] of (curriculum as Curriculum).entries()) {
    const name = `Phase ${index} of the curriculum`;
    checkWeights(name, phase.weights);
    checkEnd(name, phase.until, before?.until ?? 0);
    checkGrowth(name, phase.crop, before?.crop);
    reached = checkOrder(name, phase.weights, reached);
    before = phase;
  }
  const end = before?.until ?? 0;
  if (end !== 1) throw refusal(`The curriculum ends at ${end}; its last phase must end at 1.`);
}

const refusal = (message: string): ModelError => new ModelError('model/config', message);

function checkWeights(name: string, weights: ObjectiveWeights): void {
  const sum = objectives.reduce((total, objective) => total + (weights?.[objective] ?? NaN), 0);
  if (!(Math.abs(sum - 1) <= 1e-9) || objectives.some((objective) => weights[objective] < 0))
    throw refusal(`${name} has weights that sum to ${sum}; they must be >= 0 and sum to 1.`);
  const other = Object.keys(weights).find((key) => !(objectives as readonly string[]).includes(key));
  if (other !== undefined)
    throw refusal(
      `${name} has a weight for '${other}', which is no objective; use ${objectives.join(', ')} alone.`,
    );
}

function checkEnd(name: string, until: number, before: number): void {
  if (!(until > before && until <= 1))
    throw refusal(`${name} ends at ${until}; phases must end in ascending order, in (0, 1].`);
}

/** @returns the place of the objective that the training has come to, in `objectives` */
function checkOrder(name: string, weights: ObjectiveWeights, reached: number): number {
  const dominant = dominantObjective(weights);
  const most = weights[dominant];
  const at = objectives.findIndex((objective, i) => i >= reached && weights[objective] === most);
  if (at >= 0) return at;
  throw refusal(
    `${name} goes back to '${dominant}' with a weight of ${most} after '${objectives[reached]}'; the dominant objective must go from random over next to nextAll.`,
  );
}

function checkGrowth(
  name: string,
  crop: CurriculumPhase['crop'],
  before: CurriculumPhase['crop'] | undefined,
) {
  if (
    !Array.isArray(crop) ||
    crop.length !== 3 ||
    !crop.every((size) => Number.isSafeInteger(size) && size > 0)
  )
    throw refusal(`${name} has crop ${text(crop)}; it must be three whole numbers of voxels, at least 1.`);
  const axis = crop.findIndex((size, i) => size < (before?.[i] ?? 0));
  if (axis >= 0)
    throw refusal(
      `${name} has crop ${text(crop)}, which is smaller along ${'zyx'[axis]} than ${text(before)} of the phase before; a crop must not shrink.`,
    );
}

const text = (crop: unknown): string => (Array.isArray(crop) ? `[${crop.join(', ')}]` : String(crop));

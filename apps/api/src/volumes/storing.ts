import { isApiProblem, type ApiProblem } from '../problem.ts';
import { goneOrUnforeseen } from '../unforeseen.ts';

/** What callers hear of a failure; a full disk is `insufficient-storage`, wherever it is met. */
export const storingProblem = (error: unknown): ApiProblem =>
  isApiProblem(error) ? error : goneOrUnforeseen(error);

/** Work whose every failure is an ApiProblem. */
export async function storing<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storingProblem(error);
  }
}

import { isApiProblem, type ApiProblem } from '../problem.ts';
import { goneOrUnforeseen, isOutOfSpace, outOfSpace } from '../unforeseen.ts';

/** SQLITE_FULL, the disk's end as the database meets it. */
const SQLITE_FULL = 13;

export const isFull = (error: unknown): boolean =>
  isOutOfSpace(error) || (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_FULL);

/** What callers hear of a failure; a full disk is `insufficient-storage`, wherever it is met. */
export function storingProblem(error: unknown): ApiProblem {
  if (isApiProblem(error)) return error;
  return isFull(error) ? outOfSpace(error) : goneOrUnforeseen(error);
}

/** Work whose every failure is an ApiProblem. */
export async function storing<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storingProblem(error);
  }
}

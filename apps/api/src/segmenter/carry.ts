import { isEmIoError } from '@tokenunify/em-io';
import { isSegmentationError } from '@tokenunify/segmentation';
import type { CarriedError } from './protocol.ts';

/** An error on its way through a thread that only passes it on; it looks as it did where it was thrown. */
export class Carried extends Error {
  readonly #carried: CarriedError;

  constructor(carried: CarriedError) {
    super(carried.message);
    this.#carried = carried;
    if (carried.stack !== undefined) this.stack = carried.stack;
  }

  get carried(): CarriedError {
    return this.#carried;
  }
}

/**
 * What of an error crosses to another thread. The model's library is not asked here: loading it costs a thread a
 * second and 100 MB, and its errors come from the other side (`fromModel`).
 */
export function carry(error: unknown): CarriedError {
  if (error instanceof Carried) return error.carried;
  if (!(error instanceof Error)) return { library: 'unknown', message: String(error) };
  return { library: libraryOf(error), ...described(error) };
}

/** An error of the inference process. */
export const fromModel = (error: unknown): CarriedError =>
  error instanceof Error
    ? { library: error.name === 'AbortError' ? 'abort' : 'model', ...described(error) }
    : { library: 'abort', message: String(error) };

function libraryOf(error: Error): CarriedError['library'] {
  if (error.name === 'AbortError') return 'abort';
  if (isSegmentationError(error)) return 'segmentation';
  return isEmIoError(error) ? 'em-io' : 'unknown';
}

const described = ({ message, stack }: Error) => (stack === undefined ? { message } : { message, stack });

import { ApiProblem } from '../problem.ts';
import { Carried } from './carry.ts';
import type { CarriedError } from './protocol.ts';

/** What the caller of the API should hear about an error that came from another thread. */
export function problemOf(carried: CarriedError): ApiProblem {
  const cause = new Carried(carried);
  if (carried.library === 'model') return new ApiProblem('inference-failed', carried.message, { cause });
  if (carried.library === 'segmentation' || carried.library === 'em-io') {
    return new ApiProblem('segmentation-failed', carried.message, { cause });
  }
  return new ApiProblem(
    'internal',
    'The segmentation failed in a way nobody foresaw; report it with the requestId and what the server logged.',
    { cause },
  );
}

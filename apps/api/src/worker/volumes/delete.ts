import { ApiProblem } from '../../problem.ts';
import { documentsOf, stateNameOf, valuesOf, writesOf } from './names.ts';
import { notFound } from './state.ts';

/** Each deletes 1000 names and asks R2 twice; a request may ask about a thousand times. */
const MOST_BATCHES = 400;

/**
 * Deletes a volume: first its state, so that nobody sees half of it, then what it holds. Asked again, it deletes what
 * an interrupted deletion has left.
 *
 * @throws ApiProblem `volume-not-found` when there is nothing at all; `unavailable` when more is left than one request deletes
 */
export async function deleteVolume(bucket: R2Bucket, id: string): Promise<void> {
  let found = (await bucket.head(stateNameOf(id))) !== null;
  if (found) await bucket.delete(stateNameOf(id));
  let batches = 0;
  for (const prefix of [documentsOf(id), valuesOf(id), writesOf(id)]) {
    for (;;) {
      const { objects, truncated } = await bucket.list({ prefix });
      if (objects.length > 0) {
        found = true;
        if (++batches > MOST_BATCHES) throw more(id);
        await bucket.delete(objects.map(({ key }) => key));
      }
      if (!truncated) break;
    }
  }
  if (!found) throw notFound(id);
}

const more = (id: string): ApiProblem =>
  new ApiProblem(
    'unavailable',
    `The volume ${id} is gone, and part of its space is not free yet; delete it again.`,
    {
      headers: { 'retry-after': '1' },
    },
  );

/**
 * Sealing promises that a volume never changes again, and a bucket has no transaction over a state and a value. So a
 * write leaves a marker before it looks at the state, and sealing looks for markers after it has changed the state: with
 * R2's strong consistency at least one of the two sees the other. A seal that sees a write refuses (409), a write that
 * sees a seal refuses. A marker of a Worker that died is ignored once no write can be that old.
 */
import { ApiProblem } from '../../problem.ts';
import { objectsUnder } from './describe.ts';
import { stateNameOf, writesOf } from './names.ts';
import { notFound, stateOf } from './state.ts';

/** No write takes longer; what has not arrived by then is given up. */
export const MOST_WRITE_MS = 5 * 60_000;
/** R2's clock and a Worker's, and the end of a write, have a minute. */
const STALE_MS = MOST_WRITE_MS + 60_000;

/**
 * Changes something of an open volume.
 *
 * @param undo takes back what was written, when the volume was deleted meanwhile
 * @throws ApiProblem `volume-not-found`, `volume-sealed`
 */
export async function whileOpen<T>(
  bucket: R2Bucket,
  id: string,
  { change, undo }: { readonly change: () => Promise<T>; readonly undo: () => Promise<void> },
): Promise<T> {
  const marker = writesOf(id) + crypto.randomUUID();
  await bucket.put(marker, '');
  try {
    const { state } = await stateOf(bucket, id);
    if (state.state !== 'open') throw sealed(id, state.state);
    const result = await change();
    // A deletion removes the state first and then what it finds; what came after that is ours to remove.
    if ((await bucket.head(stateNameOf(id))) === null) {
      await undo();
      throw notFound(id);
    }
    return result;
  } finally {
    await bucket.delete(marker);
  }
}

/** @throws ApiProblem `volume-incomplete` when a write has begun and not ended; the state must say `sealing` before */
export async function refuseWrites(bucket: R2Bucket, id: string, now: number): Promise<void> {
  const stale: string[] = [];
  for await (const { key, uploaded } of objectsUnder(bucket, writesOf(id))) {
    if (now - uploaded.getTime() > STALE_MS) stale.push(writesOf(id) + key);
    else throw stillWriting(id);
  }
  if (stale.length > 0) await bucket.delete(stale.slice(0, 1000));
}

const stillWriting = (id: string): ApiProblem =>
  new ApiProblem(
    'volume-incomplete',
    `Something is still being written to ${id}; seal it when every PUT was answered, or 6 minutes after one was broken off.`,
    { headers: { 'retry-after': '5' } },
  );

const sealed = (id: string, state: 'sealing' | 'sealed'): ApiProblem =>
  new ApiProblem(
    'volume-sealed',
    state === 'sealed'
      ? `The volume ${id} is sealed and never changes; make another.`
      : `The volume ${id} is being sealed; write when its seal was answered, and if it never was, seal again.`,
    { field: 'id', value: id },
  );

import type { Vec3 } from '@tokenunify/em-io';
import type { AffinityPredictor } from '@tokenunify/segmentation';
import { Carried } from './carry.ts';
import type { CarriedError } from './protocol.ts';

/** Asks the other side for the affinities of tiles. */
export type Ask = (question: {
  readonly type: 'predict';
  readonly call: number;
  readonly tiles: Float32Array;
  readonly count: number;
}) => void;

/** What the other side says to a question. */
export type PredictAnswer =
  | { readonly type: 'predicted'; readonly call: number; readonly affinities: Float32Array }
  | { readonly type: 'unpredicted'; readonly call: number; readonly error: CarriedError };

/**
 * The inference process, seen from a thread: tiles go to the thread that talks to it and affinities come back. A thread
 * loads no model.
 */
export class DistantPredictor implements AffinityPredictor {
  readonly channels = 3;
  readonly tileShape: Vec3;
  readonly batchSize: number;
  readonly #ask: Ask;
  readonly #calls = new Map<
    number,
    { resolve(affinities: Float32Array): void; reject(error: Error): void }
  >();
  #next = 0;

  constructor(tileShape: Vec3, batchSize: number, ask: Ask) {
    this.tileShape = tileShape;
    this.batchSize = batchSize;
    this.#ask = ask;
  }

  predict(tiles: Float32Array, count: number): Promise<Float32Array> {
    return new Promise((resolve, reject) => {
      const call = this.#next++;
      this.#calls.set(call, { resolve, reject });
      // Copied, not transferred: the caller may use its batch again.
      this.#ask({ type: 'predict', call, tiles, count });
    });
  }

  answered(answer: PredictAnswer): void {
    const waiting = this.#calls.get(answer.call);
    this.#calls.delete(answer.call);
    if (answer.type === 'predicted') waiting?.resolve(answer.affinities);
    else waiting?.reject(new Carried(answer.error));
  }

  /** Nobody waits any more: the work that asked has ended. */
  forget(): void {
    this.#calls.clear();
  }
}

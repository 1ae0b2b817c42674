import type { ReconstructionScore } from './reconstruction.ts';

/** Sums over hidden voxels, from which a score is made. */
export class ScoreTally {
  #count = 0;
  readonly #errors = [0, 0, 0];
  readonly #prediction = { sum: 0, squares: 0 };
  readonly #target = { sum: 0, squares: 0 };

  /** @param at the voxels that count */
  add(
    target: Float32Array,
    at: Uint32Array,
    prediction: Float32Array,
    baselines: readonly [Float32Array, Float32Array],
  ): void {
    const [mean, nearest] = baselines;
    for (const v of at) {
      const [t, p] = [target[v]!, prediction[v]!];
      this.#errors[0]! += (p - t) ** 2;
      this.#errors[1]! += (mean[v]! - t) ** 2;
      this.#errors[2]! += (nearest[v]! - t) ** 2;
      this.#prediction.sum += p;
      this.#prediction.squares += p * p;
      this.#target.sum += t;
      this.#target.squares += t * t;
    }
    this.#count += at.length;
  }

  score(): Omit<ReconstructionScore, 'objective'> {
    const [mse, meanVisible, nearestVisible] = this.#errors.map((sum) => sum / this.#count) as [
      number,
      number,
      number,
    ]; // three errors
    const variance = ({ sum, squares }: { readonly sum: number; readonly squares: number }) =>
      Math.max(0, squares / this.#count - (sum / this.#count) ** 2);
    return {
      mse,
      psnr: Math.min(120, -10 * Math.log10(mse)),
      baselines: { meanVisible, nearestVisible },
      predictionVariance: variance(this.#prediction),
      targetVariance: variance(this.#target),
      voxels: this.#count,
    };
  }
}

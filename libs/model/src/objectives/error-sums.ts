/**
 * Sums over hidden voxels: of errors, and of what variances are made of. In float64, for there are millions.
 *
 * Variances are about the mean of what is visible: a network that says no more than that has none, however much crops
 * differ in brightness.
 */
export class ErrorSums {
  voxels = 0;
  readonly #squares = { network: 0, mean: 0, nearest: 0 };
  readonly #predicted = { sum: 0, squares: 0 };
  readonly #truth = { sum: 0, squares: 0 };

  /** One voxel: what the network says, the two baselines, the truth. */
  add(predicted: number, mean: number, nearest: number, truth: number): void {
    this.voxels++;
    this.#squares.network += (predicted - truth) ** 2;
    this.#squares.mean += (mean - truth) ** 2;
    this.#squares.nearest += (nearest - truth) ** 2;
    this.#predicted.sum += predicted - mean;
    this.#predicted.squares += (predicted - mean) ** 2;
    this.#truth.sum += truth - mean;
    this.#truth.squares += (truth - mean) ** 2;
  }

  read() {
    const { voxels } = this;
    const { network, mean, nearest } = this.#squares;
    const variance = ({ sum, squares }: { readonly sum: number; readonly squares: number }): number =>
      Math.max(0, squares / voxels - (sum / voxels) ** 2); // rounding may leave less than nothing
    return {
      mse: network / voxels,
      baselines: { meanVisible: mean / voxels, nearestVisible: nearest / voxels },
      predictionVariance: variance(this.#predicted),
      targetVariance: variance(this.#truth),
      voxels,
    };
  }
}

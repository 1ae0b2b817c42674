import type { Engine } from '../engines/engine.ts';
import { describeNetwork } from '../network/describe.ts';
import { affinityForward } from '../network/network.ts';
import type { Preset } from '../network/presets.ts';
import type { Vec3 } from '../ops/ops.ts';
import { Variables } from './variables.ts';
import type { Weights } from './weights.ts';

/** Predicts affinities with a training engine: for validation during fine-tuning, before anything is exported. */
export class EnginePredictor implements Disposable {
  readonly channels = 3;
  readonly batchSize = 1;
  readonly tileShape: Vec3;
  readonly #engine: Engine;
  readonly #preset: Preset;
  readonly #variables: Variables;

  constructor(engine: Engine, preset: Preset, weights: Weights, tileShape: Vec3 = preset.crop) {
    engine.activate();
    this.tileShape = tileShape;
    this.#engine = engine;
    this.#preset = preset;
    this.#variables = new Variables(
      engine.tf,
      describeNetwork(preset, 'affinities', tileShape).parameters,
      weights,
    );
  }

  /** [n, 1, z, y, x] in [0, 1] -> [n, 3, z, y, x] in [0, 1]. */
  async predict(tiles: Float32Array, count: number): Promise<Float32Array> {
    const { tf, ops } = this.#engine;
    this.#engine.activate();
    const [z, y, x] = this.tileShape;
    const out = tf.tidy(() => {
      const input = tf.tensor5d(tiles.subarray(0, count * z * y * x), [count, z, y, x, 1]);
      const logits = affinityForward(ops, this.#variables.source(), this.#preset, input);
      return tf.transpose(tf.sigmoid(logits), [0, 4, 1, 2, 3]);
    });
    try {
      return Float32Array.from(await out.data());
    } finally {
      out.dispose();
    }
  }

  [Symbol.dispose](): void {
    this.#variables[Symbol.dispose]();
  }
}

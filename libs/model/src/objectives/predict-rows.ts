import type * as tfjs from '@tensorflow/tfjs';
import type { Engine } from '../engines/engine.ts';
import type { ParameterSource } from '../network/parameters.ts';
import type { Preset } from '../network/presets.ts';
import type { Vec3 } from '../ops/ops.ts';
import { predictHidden, type HiddenCrop } from './loss.ts';

/** Voxels that go through the network at once: what a small training step takes, without what its gradient would. */
const VOXELS_AT_ONCE = 2 ** 18;

/** What the network says of one row. */
export interface RowPrediction {
  readonly row: HiddenCrop;
  /** Every voxel of the crop, row-major [z, y, x]. */
  readonly voxels: Float32Array;
  /** Of the token that the row asks for, raster order; means nothing where it asks for none. */
  readonly token: Float32Array;
}

export interface RowsToPredict {
  readonly engine: Pick<Engine, 'tf' | 'ops' | 'activate'>;
  readonly parameters: ParameterSource<tfjs.Tensor>;
  readonly preset: Preset;
  readonly space: Vec3;
  readonly rows: Iterable<HiddenCrop>;
  /** Default: as many as make a quarter of a million voxels, and at least one. */
  readonly rowsAtOnce?: number;
  readonly signal?: AbortSignal;
}

/** Row by row, in order; what is held does not grow with their number. */
export async function* predictRows(options: RowsToPredict): AsyncGenerator<RowPrediction> {
  const { space, rows } = options;
  const voxels = space[0] * space[1] * space[2];
  const { rowsAtOnce: most = Math.max(1, Math.floor(VOXELS_AT_ONCE / voxels)) } = options;
  let batch: HiddenCrop[] = [];
  for (const row of rows) {
    batch.push(row);
    if (batch.length < most) continue;
    yield* await predictBatch(options, batch);
    batch = [];
  }
  if (batch.length > 0) yield* await predictBatch(options, batch);
}

async function predictBatch(
  { engine, parameters, preset, space, signal }: RowsToPredict,
  rows: readonly HiddenCrop[],
): Promise<RowPrediction[]> {
  signal?.throwIfAborted();
  engine.activate(); // another engine may have run since the last batch
  const { tf, ops } = engine;
  const [voxels, token] = tf.tidy(() => {
    const predicted = predictHidden(ops, parameters, preset, { space, rows });
    return [predicted.voxels, predicted.token];
  }) as [tfjs.Tensor, tfjs.Tensor]; // as returned
  try {
    const [allVoxels, allToken] = await Promise.all([voxels.data(), token.data()]);
    const part = (values: ArrayLike<number>, i: number) => {
      const size = values.length / rows.length;
      return (values as Float32Array).subarray(i * size, (i + 1) * size); // both are float32
    };
    return rows.map((row, i) => ({ row, voxels: part(allVoxels, i), token: part(allToken, i) }));
  } finally {
    tf.dispose([voxels, token]);
  }
}

import type { Rank } from '@tensorflow/tfjs';
import type { Engine } from './engine.ts';

export interface EngineSpeed {
  readonly matmulGflops: number;
  readonly conv3dGflops: number;
}

/** Measured fp32 rates of an engine: a square matrix product, and a 3x3x3 convolution of 16 channels. */
export async function measureEngine(
  { name, tf, activate }: Engine,
  now: () => number = () => performance.now(),
): Promise<EngineSpeed> {
  const side = name === 'cpu' ? 256 : 1024; // the cpu engine would take seconds
  const cube = name === 'cpu' ? 12 : 48;
  const rate = async (flops: number, run: () => { data(): Promise<unknown>; dispose(): void }) => {
    let best = Infinity;
    for (let round = 0; round < 4; round++) {
      activate();
      const start = now();
      const out = run();
      await out.data();
      out.dispose();
      best = Math.min(best, now() - start);
    }
    return flops / best / 1e6;
  };
  activate();
  const a = tf.randomNormal([side, side]);
  const x = tf.randomNormal<Rank.R5>([1, cube, cube, cube, 16]);
  const w = tf.randomNormal<Rank.R5>([3, 3, 3, 16, 16]);
  try {
    return {
      matmulGflops: await rate(2 * side ** 3, () => tf.matMul(a, a)),
      conv3dGflops: await rate(2 * cube ** 3 * 27 * 256, () => tf.conv3d(x, w, 1, 'same')),
    };
  } finally {
    tf.dispose([a, x, w]);
  }
}

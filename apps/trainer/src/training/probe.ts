import { scoreReconstruction, type Engine, type Preset, type ProbeOptions } from '@tokenunify/model';
import type { HeldOut } from '../sampling/held-out.ts';

export interface ProbeSettings {
  readonly engine: Engine;
  readonly preset: Preset;
  readonly heldOut: HeldOut;
  readonly seed: number;
  readonly steps: number;
  /** Steps between two looks; a tenth of the training, at least 20, when absent. */
  readonly every?: number | undefined;
}

/**
 * Looks at the held-out crops while a training runs; nothing where nothing is held out. What is looked at is the same every
 * time, and drawn from no stream of the training's: it goes on as if nobody had looked.
 */
export function probeOf({ engine, preset, heldOut, seed, steps, every }: ProbeSettings): {
  readonly probe?: ProbeOptions;
} {
  const { crops, space } = heldOut;
  if (crops.length === 0) return {};
  return {
    probe: {
      every: every ?? Math.max(20, Math.ceil(steps / 10)),
      run: async (parameters) => ({
        scores: await scoreReconstruction({ engine, parameters, preset, crops, space, seed }),
      }),
    },
  };
}

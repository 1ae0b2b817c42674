import {
  phaseAt,
  scoreReconstruction,
  type Curriculum,
  type Engine,
  type Preset,
  type ProbeOptions,
} from '@tokenunify/model';
import type { HeldOut } from '../sampling/held-out.ts';

export interface ProbeSettings {
  readonly engine: Engine;
  readonly preset: Preset;
  readonly heldOut: Pick<HeldOut, 'spaces' | 'cropsOf'>;
  readonly curriculum: Curriculum;
  readonly seed: number;
  readonly steps: number;
  /** Steps between two looks; a tenth of the training, at least 20, when absent. */
  readonly every?: number | undefined;
}

/**
 * Looks at the held-out crops while a training runs; nothing where nothing is held out. They have the size of the phase's
 * crops, since a network knows nothing yet of longer sequences than it was shown. What is looked at is the same every time,
 * and drawn from no stream of the training's: it goes on as if nobody had looked.
 */
export function probeOf(settings: ProbeSettings): { readonly probe?: ProbeOptions } {
  const { engine, preset, heldOut, curriculum, seed, steps, every } = settings;
  const [largest] = heldOut.spaces;
  if (!largest) return {};
  return {
    probe: {
      every: every ?? Math.max(20, Math.ceil(steps / 10)),
      async run(parameters, step) {
        const { crop } = phaseAt(curriculum, step - 1, steps);
        const space = heldOut.spaces.find((other) => String(other) === String(crop)) ?? largest;
        const crops = heldOut.cropsOf(space);
        return {
          space,
          scores: await scoreReconstruction({ engine, parameters, preset, crops, space, seed }),
        };
      },
    },
  };
}

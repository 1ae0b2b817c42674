import { objectives, phaseAt, type Curriculum, type Objective } from '../objectives/curriculum.ts';
import type { RateSchedule } from '../training/schedule.ts';
import type { Sign } from './types.ts';

/** Where a warning begins. The defaults gave none on healthy trainings of `nano` on FIB-25 and on synthetic cells. */
export interface MonitorThresholds {
  /**
   * Reconstruction and collapse are judged for an objective from here on: the sum of its weights over the steps done, as
   * a share of all steps. A network that has not dwelt on an objective yet owes it nothing.
   */
  readonly grace: number;
  /** Probes in a row that must show a sign, over as many windows less one: twice in a tenth of the training. */
  readonly patience: number;
  /** Collapse: variance of the predictions over that of the targets. */
  readonly variance: number;
  /**
   * As a share of all steps. Convergence: steps of one of the two windows that are compared. Reconstruction: how far the
   * look lies back that a look is compared with.
   */
  readonly window: number;
  /** Convergence: and at least this many, for shorter ones are noise. */
  readonly leastWindow: number;
  /** Convergence, reconstruction: the part by which the loss, or the held-out error, must fall from one to the other. */
  readonly fall: number;
  /** Convergence: judged while the rate is at least this share of its peak. */
  readonly nearPeak: number;
  /** Convergence: a loss that has come down to this part of what it began with may stay where it is ... */
  readonly arrived: number;
  /** ... and, where there are probes, one whose held-out error is this part of the mean of the visible tokens'. */
  readonly better: number;
  /** A warning is given again when its sign still shows after this share of the training. */
  readonly again: number;
}

export const monitorDefaults: MonitorThresholds = {
  grace: 0.1,
  patience: 2,
  variance: 0.05,
  window: 0.1,
  leastWindow: 20,
  fall: 0.02,
  nearPeak: 0.8,
  arrived: 0.5,
  better: 0.9,
  again: 0.3,
};

export interface MonitorOptions {
  readonly steps: number;
  readonly schedule: RateSchedule;
  /** Of a pretraining: losses are compared within a phase. */
  readonly curriculum?: Curriculum;
  /** What is looked for; everything when absent. */
  readonly signs?: readonly Sign[];
  readonly thresholds?: Partial<MonitorThresholds>;
}

/** How long a training has dwelt on an objective by a step: the sum of its weights, as a share of all steps. */
export function dwelt(
  { curriculum, steps }: Pick<MonitorOptions, 'curriculum' | 'steps'>,
  objective: Objective,
  step: number,
): number {
  if (!curriculum || !objectives.includes(objective)) return step / steps;
  let sum = 0;
  let before = 0;
  for (const { until, weights } of curriculum) {
    sum += Math.max(0, Math.min(step / steps, until) - before) * weights[objective];
    before = until;
  }
  return sum;
}

/** The number of the phase that a step, counted from 1, was taken in. */
export const phaseOf = ({ curriculum, steps }: MonitorOptions, step: number): number =>
  curriculum ? curriculum.indexOf(phaseAt(curriculum, step - 1, steps)) : 0;

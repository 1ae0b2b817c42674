/**
 * Slow convergence: two windows of steps, one after the other, while the rate is near its peak and the curriculum in one
 * phase. Losses are compared as logarithms, whose noise does not depend on their size, and the objectives are averaged by
 * how little noise each has: one batch of `next` is a single token, and says a tenth of what `random` says.
 */
import type { StepEvent } from '../training/train-options.ts';
import { phaseOf, type MonitorOptions, type MonitorThresholds } from './options.ts';
import type { ProbeScore, TrainingWarning } from './types.ts';

interface LoggedLosses {
  readonly step: number;
  readonly losses: Readonly<Record<string, number>>;
}

export class ConvergenceSign {
  readonly #options: MonitorOptions;
  readonly #limits: MonitorThresholds;
  readonly #window: number;
  #phase = -1;
  #recent: LoggedLosses[] = [];
  readonly #begun: LoggedLosses[] = [];
  #scores: readonly ProbeScore[] = [];

  constructor(options: MonitorOptions, limits: MonitorThresholds) {
    this.#options = options;
    this.#limits = limits;
    this.#window = Math.max(limits.leastWindow, Math.ceil(limits.window * options.steps));
  }

  probe(scores: readonly ProbeScore[]): void {
    this.#scores = scores;
  }

  /** @returns undefined where nothing can be said: no two windows yet, or the rate is on its way up or down */
  step({ step, steps, losses, rate }: StepEvent): TrainingWarning | undefined {
    if (this.#begun.length < Math.ceil(this.#window / 4)) this.#begun.push({ step, losses });
    const { schedule } = this.#options;
    const phase = phaseOf(this.#options, step);
    if (phase !== this.#phase || rate < this.#limits.nearPeak * schedule.peak) this.#recent = [];
    this.#phase = phase;
    if (rate < this.#limits.nearPeak * schedule.peak) return undefined;
    this.#recent.push({ step, losses });
    const size = this.#window;
    if (this.#recent.length > 2 * size) this.#recent.shift();
    if (this.#recent.length < 2 * size) return undefined;
    const fall = 1 - Math.exp(-meanFall(this.#recent.slice(0, size), this.#recent.slice(size)));
    if (fall >= this.#limits.fall || this.#arrived(this.#recent.slice(size))) return undefined;
    const values = { fall, limit: this.#limits.fall, window: size, rate, peak: schedule.peak };
    const moved = fall < 0 ? `rose by ${percent(-fall)}` : `fell by ${percent(fall)}`;
    return {
      sign: 'convergence',
      step,
      values,
      message:
        `Slow convergence at step ${step} of ${steps}: over ${size} steps the loss ${moved} while the rate ${rate.toPrecision(3)} was near its peak, ` +
        `where at least ${percent(this.#limits.fall)} is due; try another --rate (ten times lower, then higher), a longer warm-up, and a curriculum that stays longer in its first phase.`,
    };
  }

  /** A loss that is down already may stay where it is: not every plateau is a fault. */
  #arrived(now: readonly LoggedLosses[]): boolean {
    const { better, arrived } = this.#limits;
    if (this.#scores.length > 0)
      return this.#scores.some(({ mse, baselines }) => mse <= better * baselines.meanVisible);
    return meanFall(this.#begun, now) >= -Math.log(arrived);
  }
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** Of the logarithms of the losses, from one window to a later one. */
function meanFall(before: readonly LoggedLosses[], after: readonly LoggedLosses[]): number {
  const [first] = before;
  if (!first) return 0;
  const parts = Object.keys(first.losses).filter((name) => name !== 'total');
  const names = parts.length > 0 ? parts : ['total'];
  let [sum, weights] = [0, 0];
  for (const name of names) {
    const [a, b] = [statistics(before, name), statistics(after, name)];
    const weight = 1 / (a.variance / before.length + b.variance / after.length + 1e-6);
    sum += weight * (a.mean - b.mean);
    weights += weight;
  }
  return sum / weights;
}

function statistics(window: readonly LoggedLosses[], name: string) {
  const logs = window.map(({ losses }) => Math.log(Math.max(losses[name] ?? 0, 1e-12)));
  const mean = logs.reduce((sum, value) => sum + value, 0) / logs.length;
  const variance = logs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, logs.length - 1);
  return { mean, variance };
}

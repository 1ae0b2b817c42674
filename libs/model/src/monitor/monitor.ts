import type { ProbeEvent, StepEvent, TrainingEvent } from '../training/train-options.ts';
import { ConvergenceSign } from './convergence.ts';
import { dwelt, monitorDefaults, phaseOf, type MonitorOptions, type MonitorThresholds } from './options.ts';
import { collapseWarning, Looks, reconstructionWarning } from './probes.ts';
import { scoresOf, failureSigns, type ProbeScore, type Sign, type TrainingWarning } from './types.ts';

/**
 * Reads the events of a training and says when the method fails, in the three ways it is known to: predictions worse than
 * the mean of what is visible, a loss that stays where it is, predictions that are all alike. It has no clock and draws
 * nothing: the same events give the same warnings, so a resumed run reads its log first and goes on as if it had never
 * stopped.
 *
 * @example
 * const monitor = new TrainingMonitor({ steps, schedule, curriculum });
 * for await (const event of training) for (const { message } of monitor.observe(event)) console.warn(message);
 */
export class TrainingMonitor {
  readonly #options: MonitorOptions;
  readonly #limits: MonitorThresholds;
  readonly #convergence: ConvergenceSign;
  readonly #looks = new Looks();
  /** Looks in a row that showed a sign of an objective, and the step of the first. */
  readonly #rows = new Map<string, { readonly looks: number; readonly since: number }>();
  readonly #said = new Map<Sign, number>();
  readonly #warnings: TrainingWarning[] = [];

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#limits = { ...monitorDefaults, ...options.thresholds };
    this.#convergence = new ConvergenceSign(options, this.#limits);
  }

  /** Everything that was said so far. */
  get warnings(): readonly TrainingWarning[] {
    return this.#warnings;
  }

  /** @returns what is to be said now: a sign is said once, and again only if it still shows much later */
  observe(event: TrainingEvent): readonly TrainingWarning[] {
    const found =
      event.kind === 'step' ? this.#step(event) : event.kind === 'probe' ? this.#probe(event) : [];
    return found.filter((warning) => this.#isDue(warning));
  }

  #step(event: StepEvent): readonly TrainingWarning[] {
    const warning = this.#convergence.step(event);
    return warning ? [warning] : [];
  }

  #probe(event: ProbeEvent): readonly TrainingWarning[] {
    const scores = scoresOf(event);
    this.#convergence.probe(scores);
    return scores.flatMap((score) => this.#judge(score, event.step));
  }

  #judge(score: ProbeScore, step: number): readonly TrainingWarning[] {
    const { schedule, steps } = this.#options;
    const at = { step, steps, phase: phaseOf(this.#options, step) };
    const nearer = this.#looks.isNearer(score, at, this.#limits);
    if (step < schedule.warmup) return [];
    if (dwelt(this.#options, score.objective, step) < this.#limits.grace) return [];
    const shown = [
      nearer === false ? reconstructionWarning(score, step) : undefined,
      collapseWarning(score, step, this.#limits),
    ];
    return (['reconstruction', 'collapse'] as const).flatMap((sign) => {
      const warning = shown.find((found) => found?.sign === sign);
      const key = `${sign} ${score.objective}`;
      const { looks, since } = this.#rows.get(key) ?? { looks: 0, since: step };
      if (!warning) this.#rows.delete(key);
      else this.#rows.set(key, { looks: looks + 1, since });
      const { patience, window } = this.#limits;
      return warning && looks + 1 >= patience && step - since >= (patience - 1) * window * steps
        ? [warning]
        : [];
    });
  }

  #isDue(warning: TrainingWarning): boolean {
    const { signs: wanted = failureSigns, steps } = this.#options;
    if (!wanted.includes(warning.sign)) return false;
    const before = this.#said.get(warning.sign);
    if (before !== undefined && warning.step < before + this.#limits.again * steps) return false;
    this.#said.set(warning.sign, warning.step);
    this.#warnings.push(warning);
    return true;
  }
}

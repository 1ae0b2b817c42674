import {
  gateMetrics,
  type Both,
  type Comparison,
  type Decision,
  type Gate,
  type GateMetric,
  type Verdict,
} from './types.ts';

/**
 * The rule of a promotion: every metric that the gate names must be better by its margin. What cannot be told (a metric
 * that is missing, undefined or not a number) never promotes.
 *
 * @example
 *     decide({ voi: { margin: 0.01 } }, comparison).promote; // the challenger loses at least 1 % less
 */
export function decide(gate: Gate, comparison: Pick<Comparison, 'pooled' | 'speed'>): Decision {
  const verdicts = gateMetrics.flatMap((metric) => {
    const margin = gate[metric]?.margin;
    return margin === undefined ? [] : [verdictOf(metric, margin, valuesOf(metric, comparison))];
  });
  const promote = verdicts.length > 0 && verdicts.every(({ passed }) => passed);
  const failed = verdicts.filter(({ passed }) => !passed).map(({ reason }) => reason);
  const reason =
    verdicts.length === 0
      ? 'The gate names no metric, so nothing is promoted.'
      : promote
        ? `Better by the margin on every metric of the gate: ${verdicts.map(({ reason: r }) => r).join('; ')}.`
        : `Not better by the margin: ${failed.join('; ')}.`;
  return { promote, verdicts, reason };
}

function valuesOf(
  metric: GateMetric,
  { pooled, speed }: Pick<Comparison, 'pooled' | 'speed'>,
): Both<number | null> {
  const told = (value: number | null | undefined) =>
    typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
  if (metric === 'speed') return { champion: told(speed.champion), challenger: told(speed.challenger) };
  return { champion: told(pooled.champion[metric]), challenger: told(pooled.challenger[metric]) };
}

function verdictOf(metric: GateMetric, margin: number, values: Both<number | null>): Verdict {
  const improvement = improvementOf(metric, values);
  // false for NaN, too
  const passed = improvement !== null && improvement >= margin;
  return { metric, ...values, improvement, margin, passed, reason: say(metric, margin, values, improvement) };
}

/** Relative to the champion; positive is better; null when it cannot be told. */
function improvementOf(metric: GateMetric, { champion, challenger }: Both<number | null>): number | null {
  if (champion === null || challenger === null) return null;
  if (champion === challenger) return 0;
  const gain = metric === 'speed' ? challenger - champion : champion - challenger;
  // nothing is better than an error of 0, and worse by no finite share; a speed of 0 was not measured
  if (champion === 0) return null;
  return gain / champion;
}

function say(
  metric: GateMetric,
  margin: number,
  { champion, challenger }: Both<number | null>,
  improvement: number | null,
): string {
  const shown = (value: number | null) => (value === null ? 'undefined' : value.toPrecision(4));
  const values = `${metric} ${shown(champion)} -> ${shown(challenger)}`;
  if (improvement === null) return `${values}, which cannot be compared`;
  const percent = (share: number) => `${share >= 0 ? '+' : ''}${(100 * share).toFixed(2)} %`;
  return `${values} (${percent(improvement)}, needed ${percent(margin)})`;
}

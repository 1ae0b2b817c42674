/** Linear warm-up, then half a cosine down to `final` of the peak. */
export interface RateSchedule {
  readonly peak: number;
  /** Steps of warm-up. */
  readonly warmup: number;
  /** Share of the peak at the last step. */
  readonly final: number;
}

export function rateAt({ peak, warmup, final }: RateSchedule, step: number, steps: number): number {
  if (step < warmup) return (peak * (step + 1)) / warmup;
  const progress = Math.min(1, (step - warmup) / Math.max(1, steps - warmup));
  return peak * (final + (1 - final) * 0.5 * (1 + Math.cos(Math.PI * progress)));
}

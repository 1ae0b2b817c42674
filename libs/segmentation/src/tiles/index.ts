export { computeAffinities, type AffinityOptions, type AffinityPredictor } from './compute.ts';
export { planTiles, type AxisPlan, type TilePlan } from './plan.ts';
export type { InputScale, RawRange } from './raw.ts';

/**
 * From affinities to neurons: tiles, fragments, region graph, agglomeration, labels, and the scores against a truth.
 *
 * @module
 */
export * from './errors.ts';
export type { LabelArray } from './shape.ts';
export { Scratch } from './scratch.ts';
export type { ProgressEvent } from './progress.ts';
export * from './metrics/index.ts';
export * from './labels/index.ts';
export { buildRegionGraph, mergeRegionGraphs, type AffinityArray, type RegionGraph } from './graph/index.ts';
export * from './agglomeration/index.ts';
export { quantiseAffinities, type QuantisedAffinities } from './affinities.ts';
export * from './fragments/index.ts';
export * from './baselines/index.ts';
export * from './tiles/index.ts';
export * from './chain/index.ts';
export * from './blockwise/index.ts';

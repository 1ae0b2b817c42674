export { hashPair } from './hash-pair.ts';
export { mergeRegionGraphs } from './merge.ts';
export { buildRegionGraph, type AffinityArray, type RegionGraph } from './region-graph.ts';

export type { WatershedMode } from './boundary.ts';
export { defaultCell, defaultHalo, makeFragments, type CellOptions, type Fragments } from './cells.ts';
export { priorityFlood } from './flood.ts';
export type { WatershedOptions } from './watershed.ts';

export { montage, type MontageOptions } from './montage.ts';
export { labelColour, matchLabels } from './colours.ts';
export type { Cut, Panel } from './section.ts';

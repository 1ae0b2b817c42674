export { syntheticVolume, type SyntheticOptions, type SyntheticVolume } from './volume.ts';

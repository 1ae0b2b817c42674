export {
  intensityBaseline,
  tuneIntensityBaseline,
  type IntensityBaselineOptions,
  type TunedIntensity,
} from './intensity.ts';
export { allOneLabel, everyVoxelItsOwn } from './trivial.ts';

export { isToolsError, ToolsError, type ToolsErrorCode } from './errors.ts';
export {
  labelColour,
  matchLabels,
  montage,
  type Cut,
  type MontageOptions,
  type Panel,
} from './picture/index.ts';
export { syntheticVolume, type SyntheticOptions, type SyntheticVolume } from './synthetic/index.ts';

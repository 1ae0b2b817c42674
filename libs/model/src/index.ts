/**
 * The TokenUnify network, written once: training engines run it, an ONNX builder traces it, shapes measure it.
 *
 * @module
 */
export { isModelError, ModelError, type ModelErrorCode } from './errors.ts';
export { Random } from './random.ts';
export type { MapShape, Ops, Shape, Vec3 } from './ops/ops.ts';
export { TensorOps } from './ops/tensor-ops.ts';
export { ShapeOps } from './ops/shape-ops.ts';

export {
  engineNames,
  openEngine,
  type Engine,
  type EngineChoice,
  type EngineDevice,
  type EngineName,
  type EngineOptions,
} from './engines/engine.ts';
export { measureConv3dGradients, measureEngine, type EngineSpeed } from './engines/measure.ts';
export { loadNativeTensorflow, locateNativeTensorflow } from './engines/native.ts';

export {
  checkCrop,
  cropUnit,
  checkPreset,
  presetNamed,
  presets,
  tokenGrid,
  totalStride,
  withTransformer,
  type Preset,
  type StagePreset,
} from './network/presets.ts';
export { describeNetwork, type NetworkDescription, type Purpose } from './network/describe.ts';
export type { ActivationBytes } from './ops/shape-ops-memory.ts';
export { affinityForward, pretrainingForward } from './network/network.ts';
export { ssd, type SsdInput } from './network/ssd.ts';
export type { ParameterSource, ParameterSpec } from './network/parameters.ts';

export { checkCurriculum } from './objectives/check-curriculum.ts';
export {
  defaultCurriculum,
  objectives,
  phaseAt,
  type Curriculum,
  type CurriculumPhase,
  type Objective,
} from './objectives/curriculum.ts';
export {
  scoreReconstruction,
  type ReconstructionOptions,
  type ReconstructionScore,
} from './objectives/reconstruction.ts';
export { averageOverPrefixes, type PrefixMean, type PrefixPrediction } from './objectives/prefixes.ts';

export { adamWDefaults, type AdamWOptions } from './training/adamw.ts';
export type { RateSchedule } from './training/schedule.ts';
export { pretrain, type PretrainingOptions } from './training/pretraining.ts';
export { microBatches, pretrainingBatches, type MicroBatches } from './training/micro-batches.ts';
export { finetune, type FinetuningOptions, type LabelledCrop } from './training/finetuning.ts';
export type {
  CheckpointEvent,
  Probe,
  ProbeEvent,
  ProbeOptions,
  StepEvent,
  TrainingEvent,
} from './training/train-options.ts';
export * from './monitor/index.ts';
export { countPeakBytes } from './training/train-peak.ts';
export { EnginePredictor } from './training/predictor.ts';
export { checkWeights, initialWeights, type Weight, type Weights } from './training/weights.ts';
export {
  encodeCheckpoint,
  readCheckpoint,
  writeCheckpoint,
  type Checkpoint,
} from './checkpoint/checkpoint.ts';

export {
  traceOnnx,
  writeOnnx,
  toOpset,
  opsets,
  type ElementType,
  type Opset,
  type WrittenFile,
} from './onnx/index.ts';
export * from './package/index.ts';
export * from './inference/index.ts';

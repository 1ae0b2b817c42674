export {
  startInference,
  type InferenceModel,
  type InferenceOptions,
  type InferenceProcess,
} from './inference.ts';

export { OnnxBuilder } from './builder.ts';
export { externalLocations } from './external.ts';
export { defaultOpset, irVersionOf, opsets, toOpset, type Opset } from './opset.ts';
export type { WeightData, Weights } from './parameters.ts';
export { traceOnnx, writeOnnx, type TraceOptions } from './trace.ts';
export type { ElementType, Value } from './value.ts';
export { externalName, type WriteOptions, type WrittenFile } from './write.ts';

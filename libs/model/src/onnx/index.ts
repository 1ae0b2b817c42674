export { OnnxBuilder } from './builder.ts';
export { defaultOpset, irVersionOf, opsets, toOpset, type Opset } from './opset.ts';
export type { Weights } from './parameters.ts';
export { traceOnnx, type TraceOptions } from './trace.ts';
export type { Value } from './value.ts';

import type { Shape } from '../ops/ops.ts';
import type { ShapeValue } from '../ops/shape-ops.ts';

/** What a graph computes in. */
export type ElementType = 'float32' | 'float16';

/** A value of the graph under construction: a name, and what is known about it before it has numbers. */
export interface Value {
  readonly name: string;
  /** Shape while tracing: the batch counts as 1. */
  readonly form: ShapeValue;
  /**
   * True when axis 0 is the symbolic batch `N`; false for parameters, constants and what is computed from them alone.
   * While tracing both show a size of 1 there, so only this flag tells what broadcasts over the batch from what has it.
   */
  readonly batched: boolean;
  /** Weights and constants have none of their own: each is stored in the type that its use asks for. */
  readonly type: ElementType | 'weight' | 'constant';
}

/** The shape in the graph: arrays as they are, maps as [N, C, z, y, x]. */
export function layoutOf({ form }: Value): Shape {
  return form.kind === 'array' ? form.shape : [form.map.batch, form.map.channels, ...form.map.space];
}

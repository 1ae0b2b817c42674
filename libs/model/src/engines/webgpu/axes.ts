import type { KernelFunc } from '@tensorflow/tfjs';
import { countingOf, run, view, volume } from './kernels.ts';

type Attributes = Readonly<Record<string, unknown>>;

/** Part of an operation that is along one axis, on a tensor of three: before it, the axis, after it. */
interface Step {
  readonly axis: number;
  readonly attributes: Record<string, unknown>;
}

/** How operations that act along each axis by itself are taken apart. */
export const axisSteps: Record<string, (attributes: Attributes, rank: number) => Step[]> = {
  PadV2: ({ paddings, constantValue }) =>
    (paddings as [number, number][]).flatMap((padding, axis) =>
      padding[0] === 0 && padding[1] === 0
        ? []
        : [{ axis, attributes: { paddings: [[0, 0], padding, [0, 0]], constantValue } }],
    ),
  Reverse: ({ dims }, rank) =>
    [dims as number | number[]]
      .flat()
      .map((axis) => ({ axis: (axis + rank) % rank, attributes: { dims: [1] } })),
  Tile: ({ reps }) =>
    (reps as number[]).flatMap((times, axis) =>
      times === 1 ? [] : [{ axis, attributes: { reps: [1, times, 1] } }],
    ),
};

/** A kernel that is right for up to four axes, made right for any number by taking one axis at a time. */
export const oneAxisAtATime =
  (steps: (attributes: Attributes, rank: number) => Step[]) =>
  (kernel: KernelFunc): KernelFunc =>
  (call) => {
    const { x } = call.inputs; // of each of these kernels
    if (!x || x.shape.length <= 4) return kernel(call);
    const backend = countingOf(call);
    let out = x;
    for (const { axis, attributes } of steps(call.attrs ?? {}, x.shape.length)) {
      const [before, after] = [out.shape.slice(0, axis), out.shape.slice(axis + 1)];
      const flat = view(out, [volume(before), out.shape[axis]!, volume(after)]);
      const next = run(kernel, call, { x: flat }, attributes);
      if (out !== x) backend.disposeData(out.dataId);
      out = view(next, [...before, next.shape[1]!, ...after]);
    }
    if (out === x) backend.incRef(x.dataId);
    return view(out, out.shape);
  };

import { ModelError } from '../errors.ts';

/** Opsets the builder writes. 17 to 21 run in every runtime of the last years and pass the ONNX checker. */
export const opsets = [17, 18, 19, 20, 21] as const;
export type Opset = (typeof opsets)[number];
export const defaultOpset: Opset = 17;

/** The IR version each opset was released with (docs/Versioning.md of ONNX): a runtime that knows one knows the other. */
const irVersions: Readonly<Record<Opset, number>> = { 17: 8, 18: 8, 19: 9, 20: 9, 21: 10 };

export const irVersionOf = (opset: Opset): number => irVersions[opset];

/** Checks a number given by a user. @throws ModelError `model/onnx` */
export function toOpset(value: number): Opset {
  const known = opsets.find((opset) => opset === value);
  if (known === undefined)
    throw new ModelError(
      'model/onnx',
      `ONNX opset ${value} is not supported; choose one from ${opsets[0]} to ${opsets.at(-1)}.`,
      { details: { opset: value } },
    );
  return known;
}

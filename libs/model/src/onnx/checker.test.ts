import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { oracleModels } from './oracles.fixture.ts';
import { opsets } from './opset.ts';
import { traceOnnx } from './trace.ts';

interface Oracle {
  readonly passed: readonly { readonly name: string; readonly sha256: string; readonly opset: number }[];
}
const file = new URL('./fixtures/onnx-checker.json', import.meta.url);
const { passed } = JSON.parse(readFileSync(file, 'utf8')) as Oracle; // the script writes it

it.each(oracleModels())('the checker of ONNX passed $name as it is exported now', ({ name, options }) => {
  const sha256 = createHash('sha256').update(traceOnnx(options)).digest('hex');
  const stale =
    'the result of tools/oracles/onnx_check.py is out of date: its first lines say how to renew it';
  expect(passed.find((model) => model.name === name)?.sha256, stale).toBe(sha256);
});

it('every opset is among them, in both types', () => {
  for (const opset of opsets)
    for (const dtype of ['float32', 'float16'])
      expect(passed).toContainEqual(expect.objectContaining({ name: `nano-${opset}-${dtype}`, opset }));
});

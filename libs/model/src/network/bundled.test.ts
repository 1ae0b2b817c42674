import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { readCheckpoint } from '../checkpoint/checkpoint.ts';
import { traceOnnx } from '../onnx/index.ts';
import { affinityForward } from './network.ts';
import { presetNamed } from './presets.ts';

const bundled = (file: string) => new URL(`../../../../models/default/${file}`, import.meta.url).pathname;

it('the bundled model is, byte for byte, what its checkpoint exports to: nano has not changed since', async () => {
  const { average, weights } = await readCheckpoint(bundled('checkpoint.safetensors'));
  const nano = presetNamed('nano');
  const traced = traceOnnx({
    opset: 17,
    inputShape: [1, ...nano.crop],
    weights: average ?? weights,
    trace: (ops, p, raw) => ops.sigmoid(affinityForward(ops, p, nano, raw)),
    metadata: { preset: 'nano' },
  });
  expect(Buffer.compare(traced, await readFile(bundled('model.onnx')))).toBe(0);
});

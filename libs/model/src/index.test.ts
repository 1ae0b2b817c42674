import { expect, it } from 'vitest';

it('the public surface is this: a change to it is a change for everyone who imports the library', async () => {
  expect(Object.keys(await import('./index.ts')).sort()).toMatchInlineSnapshot(`
    [
      "EnginePredictor",
      "ModelError",
      "Random",
      "ShapeOps",
      "TensorOps",
      "affinityForward",
      "checkCrop",
      "checkCurriculum",
      "defaultCurriculum",
      "describeNetwork",
      "engineNames",
      "finetune",
      "initialWeights",
      "isModelError",
      "loadNativeTensorflow",
      "locateNativeTensorflow",
      "measureEngine",
      "objectives",
      "openEngine",
      "opsets",
      "phaseAt",
      "presetNamed",
      "presets",
      "pretrain",
      "pretrainingForward",
      "readCheckpoint",
      "readModelPackage",
      "startInference",
      "toOpset",
      "tokenGrid",
      "totalStride",
      "traceOnnx",
      "writeCheckpoint",
      "writeModelPackage",
    ]
  `);
});

import { expect, test } from 'vitest';

test('the public surface is this and nothing else', async () => {
  expect(Object.keys(await import('./index.ts')).sort()).toMatchInlineSnapshot(`
    [
      "EmIoError",
      "assertFinite",
      "boxShape",
      "createVolume",
      "decodeNpy",
      "dtypes",
      "elementCount",
      "encodeNpy",
      "intersectBoxes",
      "isDtype",
      "isEmIoError",
      "itemSize",
      "ndArray",
      "openVolume",
      "toUint32",
      "volumeFromArray",
      "wholeBox",
    ]
  `);
});

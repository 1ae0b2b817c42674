import { expect, it } from 'vitest';

it('exposes exactly the tools that others may use', async () => {
  expect(Object.keys(await import('./index.ts')).sort()).toMatchInlineSnapshot(`
    [
      "ToolsError",
      "isToolsError",
      "labelColour",
      "matchLabels",
      "montage",
      "syntheticVolume",
    ]
  `);
});

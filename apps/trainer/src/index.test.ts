import { expect, test } from 'vitest';

test('the public surface is this and nothing else', async () => {
  expect(Object.keys(await import('./index.ts')).sort()).toMatchInlineSnapshot(`
    [
      "createProgram",
      "main",
    ]
  `);
});

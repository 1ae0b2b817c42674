import { expect, it } from 'vitest';

it('exports this and nothing else', async () => {
  expect(Object.keys(await import('./index.ts')).sort()).toMatchInlineSnapshot(`
    [
      "ApiProblem",
      "DEFAULT_LIMITS",
      "PROBLEMS",
      "createApp",
      "isApiProblem",
      "openApiDocument",
      "problemType",
      "startServer",
    ]
  `);
  expect(Object.keys(await import('./client/index.ts')).sort()).toMatchInlineSnapshot(`
    [
      "ApiConnectionError",
      "ApiError",
      "createClient",
      "isApiError",
    ]
  `);
});

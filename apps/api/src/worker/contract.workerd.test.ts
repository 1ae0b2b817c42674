import { SELF } from 'cloudflare:test';
import { expect, test } from 'vitest';
import committed from '../../openapi.json?raw';
import { openApiDocument } from '../document.ts';

test('the Worker serves the committed contract, byte for byte', async () => {
  const response = await SELF.fetch('http://worker.test/openapi.json');
  expect(response.status).toBe(200);
  const text = await response.text();
  expect(`${JSON.stringify(JSON.parse(text), null, 2)}\n`).toBe(committed);
  // what every server says, the Node one too: the document without spaces
  expect(text).toBe(JSON.stringify(openApiDocument()));
});

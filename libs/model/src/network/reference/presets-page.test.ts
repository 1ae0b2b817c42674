import { expect, it } from 'vitest';
import { presetsPage } from './presets-page.ts';

it('the page docs/reference/presets.md is what the presets are', async () => {
  const page = presetsPage();
  expect(page).toContain('`1b-anisotropic`');
  await expect(page).toMatchFileSnapshot('../../../../../docs/reference/presets.md');
});

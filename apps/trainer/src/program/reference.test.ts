import { expect, it } from 'vitest';
import { createProgram } from './index.ts';
import { commandReference } from './reference.ts';

it('the page docs/reference/command-line.md is what the commands say of themselves', async () => {
  const page = commandReference(createProgram(async () => {}));
  expect(page).toContain('## pretrain');
  await expect(page).toMatchFileSnapshot('../../../../docs/reference/command-line.md');
});

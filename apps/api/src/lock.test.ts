import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { claimDirectory } from './lock.ts';

it('lets one server at a time work in a data directory', async () => {
  const root = await mkdtemp(join(tmpdir(), 'lock-'));
  const release = claimDirectory(join(root, 'data'));
  expect(() => claimDirectory(join(root, 'data'))).toThrow(
    /Another server works in .* choose another directory/,
  );
  release();
  claimDirectory(join(root, 'data'))();
  await rm(root, { recursive: true });
});

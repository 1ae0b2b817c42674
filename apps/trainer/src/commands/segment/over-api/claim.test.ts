import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { claimOutput } from './claim.ts';

const directory = mkdtempSync(join(tmpdir(), 'claim-'));
afterAll(() => rmSync(directory, { recursive: true }));

it('lets one command at a time write an output', async () => {
  const output = join(directory, 'a.zarr');
  const release = await claimOutput(output);
  await expect(claimOutput(output)).rejects.toThrow(
    /^Another command \(process \d+\) writes .*a\.zarr; wait/,
  );
  await release();
  await (
    await claimOutput(output)
  )();
  expect(existsSync(`${output}.segment.lock`)).toBe(false);
});

it('takes over from a command that was killed', async () => {
  const output = join(directory, 'b.zarr');
  const ended = spawnSync(process.execPath, ['-e', '']).pid;
  for (const left of [String(ended), '']) {
    writeFileSync(`${output}.segment.lock`, left);
    await (
      await claimOutput(output)
    )();
  }
});

it('says where there is no room or no directory', async () => {
  await expect(claimOutput(join(directory, 'no', 'c.zarr'))).rejects.toThrow(
    /c\.zarr\.segment\.lock cannot be written/,
  );
});

import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pretrainFlags, typed } from '../config/flags.fixture.ts';
import { resolvePretrain, type PretrainFlags } from '../config/resolve.ts';
import { createReporter } from '../progress/reporter.ts';
import { cells, recordingTerminal, temporaryDirectory, write } from '../testing.fixture.ts';
import { runPretrain } from './pretrain.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeAll(async () => {
  directory = await temporaryDirectory();
  await write(directory.join('raw.npy'), cells([24, 32, 48]).raw);
});
afterAll(() => directory.remove());

async function pretraining(change: Partial<PretrainFlags>, { terminal, said } = recordingTerminal(false)) {
  const flags = { engine: 'cpu', crops: [16, 16, 16], voxelsPerStep: 1, steps: 2, ...change } as const;
  const all = { ...pretrainFlags, raw: [directory.join('raw.npy')], ...flags };
  const command = await resolvePretrain(
    { ...all, out: directory.join(all.out) },
    typed(...Object.keys(flags)),
  );
  const code = await runPretrain(
    command,
    new AbortController().signal,
    createReporter({ json: true, terminal }),
  );
  return { code, said };
}

describe('pretrain', () => {
  it('looks at what it holds out, and goes on with a run of before anything was held out or in a file', async () => {
    const { said } = await pretraining({ out: 'old', heldOut: 0, steps: 1 });
    expect(said.out).not.toContain('held out');
    const file = directory.join('old/run.json');
    const {
      config: _,
      heldOut: __,
      ...before
    } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    writeFileSync(file, JSON.stringify(before));
    expect((await pretraining({ out: 'old', resume: true, steps: 1 })).code).toBe(0);
    await expect(pretraining({ out: 'old', resume: true, steps: 1, heldOut: 0.02 })).rejects.toThrow(
      'was started with another heldOut, 0 instead of 0.02;',
    );
    await expect(pretraining({ out: 'old', resume: true, steps: 1, recompute: true })).rejects.toThrow(
      'was started with another config.recompute, false instead of true;',
    );
  });

  it('that comes to numbers which are none ends with the step, the batch’s origin and where to go on', async () => {
    const recording = recordingTerminal(false);
    const change = { out: 'diverged', rate: 1e30, box: ':16,:16,:16' };
    await expect(pretraining(change, recording)).rejects.toMatchObject({
      code: 'model/diverged',
      message: expect.stringMatching(
        /^At step 2 of 2 the loss of the batch from .*raw\.npy at 0:16,0:16,0:16 \(drawn with seed \d+\) is NaN .*start again with a lower rate than/,
      ),
    });
    expect(recording.said.out).toContain('too small to hold voxels out');
  });
});

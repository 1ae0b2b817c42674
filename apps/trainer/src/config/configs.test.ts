/** The files of `configs/` are what people start from: they are valid, and say what they claim to. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defaultCurriculum, describeNetwork, presetNamed, pretrainingBatches } from '@tokenunify/model';
import { describe, expect, it } from 'vitest';
import { scheduleOf } from './recipe.ts';
import { resolveFinetune, resolvePretrain } from './resolve.ts';
import { finetuneFlags, pretrainFlags, typed } from './flags.fixture.ts';

const at = (name = '') => fileURLToPath(new URL(`../../../../configs/${name}`, import.meta.url));
const pretraining = (name: string, ...given: Parameters<typeof typed>) =>
  resolvePretrain({ ...pretrainFlags, config: at(name) }, typed(...given));

it('every file is one that its command takes', async () => {
  for (const name of readdirSync(at()))
    if (name.endsWith('-finetune.json'))
      await resolveFinetune({ ...finetuneFlags, config: at(name) }, typed());
    else await pretraining(name);
});

describe('paper.json', () => {
  it('has the numbers of the paper', async () => {
    const command = await pretraining('paper.json');
    expect(command).toMatchObject({ preset: 'base-anisotropic', batch: 160, epochs: 800, isotropic: false });
    expect(command.steps).toBeUndefined();
    expect(command.rate).toBeCloseTo(1e-3 * (160 / 256), 12);
    expect(command.recipe.optimizer).toMatchObject({ beta1: 0.9, beta2: 0.95, weightDecay: 0.05 });
    const { token, crop } = presetNamed(command.preset);
    expect({ token, crop }).toEqual({ token: [4, 16, 16], crop: [16, 160, 160] });
    const { parameterCount } = describeNetwork(presetNamed(command.preset), 'affinities');
    expect(Math.abs(parameterCount / 28.3e6 - 1)).toBeLessThan(0.05);
  });

  it('follows the curriculum of the paper, on crops that grow to 16 x 160 x 160', async () => {
    const { curriculum } = await pretraining('paper.json');
    expect(curriculum.map(({ until, weights }) => ({ until, weights }))).toEqual(
      defaultCurriculum.map(({ until, weights }) => ({ until, weights })),
    );
    const voxels = curriculum.map(({ crop }) => crop[0] * crop[1] * crop[2]);
    expect(voxels).toEqual(voxels.toSorted((a, b) => a - b));
    expect(curriculum.at(-1)!.crop).toEqual([16, 160, 160]);
  });

  it('has 160 crops a step in every phase, at most one of the largest in memory, recomputed', async () => {
    const command = await pretraining('paper.json');
    const batches = command.curriculum.map(({ crop }) => pretrainingBatches(command, crop));
    expect(batches).toEqual([
      { crops: 4, accumulate: 40 },
      { crops: 1, accumulate: 160 },
      { crops: 1, accumulate: 160 },
    ]);
    expect(command.recipe.recompute).toBe(true);
  });
});

it('paper-finetune.json has the rate and the epochs of the paper', async () => {
  const command = await resolveFinetune({ ...finetuneFlags, config: at('paper-finetune.json') }, typed());
  expect(command).toMatchObject({ preset: 'base-anisotropic', crop: [16, 160, 160], epochs: 400 });
  expect(command.rate).toBeCloseTo(1e-4 * (command.batch / 256), 12);
});

it('nano.json is what happens without a file', async () => {
  const without = await resolvePretrain(pretrainFlags, typed());
  expect(await pretraining('nano.json')).toEqual({ ...without, heldOut: 0.02 });
  expect(without.curriculum).toEqual(defaultCurriculum);
  expect(scheduleOf(without.recipe, without.rate, 700)).toEqual({ peak: 0.002, warmup: 50, final: 0.02 });
});

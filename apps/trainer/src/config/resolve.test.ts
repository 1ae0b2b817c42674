import { writeFile } from 'node:fs/promises';
import { presets } from '@tokenunify/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../testing.fixture.ts';
import { checkCrops, growingCurriculum } from './curriculum.ts';
import { finetuneFlags, pretrainFlags, typed } from './flags.fixture.ts';
import { scheduleOf } from './recipe.ts';
import { resolveFinetune, resolvePretrain, type FinetuneFlags, type PretrainFlags } from './resolve.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeAll(async () => void (directory = await temporaryDirectory()));
afterAll(() => directory.remove());

async function file(value: unknown): Promise<string> {
  const path = directory.join('settings.json');
  await writeFile(path, typeof value === 'string' ? value : JSON.stringify(value));
  return path;
}

/** What pretrain would do under a file and the options that were typed. */
const pretraining = async (config: unknown, flags: Partial<PretrainFlags> = {}) =>
  resolvePretrain({ ...pretrainFlags, ...flags, config: await file(config) }, typed(...Object.keys(flags)));
const finetuning = async (config: unknown, flags: Partial<FinetuneFlags> = {}) =>
  resolveFinetune({ ...finetuneFlags, ...flags, config: await file(config) }, typed(...Object.keys(flags)));

async function refusal(what: Promise<unknown>): Promise<{ message: string; code: unknown }> {
  const error: unknown = await what.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) throw new Error('it was accepted');
  const { message, code } = error as Error & { code?: unknown };
  return { message: message.replace(directory.join('settings.json'), 'FILE'), code };
}

describe('settings', () => {
  it('are those typed, else those of the file, else the defaults', async () => {
    const config = { preset: 'tiny', steps: 7, seed: 5, voxelsPerStep: 1000, batch: 3, engine: 'cpu' };
    const { steps, seed, preset, checkpointEvery, batch, voxelsPerStep, engine } = await pretraining(config, {
      seed: 9,
      batch: 4,
    });
    expect({ steps, seed, preset, checkpointEvery, batch, voxelsPerStep, engine }).toEqual({
      ...{ steps: 7, seed: 9, preset: 'tiny', checkpointEvery: 200, batch: 4, voxelsPerStep: 1000 },
      engine: 'cpu',
    });
  });

  it.each<[object, Partial<PretrainFlags>, object]>([
    [{ epochs: 3 }, {}, { epochs: 3 }],
    [{ epochs: 3 }, { steps: 5 }, { steps: 5 }],
    [{ steps: 4 }, { epochs: 2 }, { epochs: 2 }],
    [{}, {}, { steps: 1000 }],
  ])('have either steps or epochs: %j and %j', async (config, flags, expected) => {
    const { steps, epochs } = await pretraining(config, flags);
    expect({ ...(steps !== undefined && { steps }), ...(epochs !== undefined && { epochs }) }).toEqual(
      expected,
    );
  });

  it('may give the rate for a batch of 256, as the paper does; a typed rate wins', async () => {
    const config = { batch: 64, schedule: { peakPer256: 0.001 } };
    expect((await pretraining(config)).rate).toBeCloseTo(0.00025, 12);
    expect((await pretraining(config, { batch: 128 })).rate).toBeCloseTo(0.0005, 12);
    expect((await pretraining(config, { rate: 0.5 })).rate).toBe(0.5);
    expect(await refusal(pretraining({ schedule: { peakPer256: 0.001 } }))).toEqual({
      code: 'trainer/usage',
      message:
        'FILE: schedule.peakPer256 is 0.001, which is multiplied by batch / 256, and there is no batch; give it there, or with --batch.',
    });
  });

  it('may give the warm-up in steps or as a share', async () => {
    const schedule = async (warmup: unknown, steps: number) =>
      scheduleOf((await pretraining({ schedule: { warmup, final: 0 } })).recipe, 1, steps);
    expect(await schedule({ share: 0.05 }, 1000)).toEqual({ peak: 1, warmup: 50, final: 0 });
    expect(await schedule({ steps: 7 }, 1000)).toEqual({ peak: 1, warmup: 7, final: 0 });
    expect(await schedule(undefined, 200)).toEqual({ peak: 1, warmup: 20, final: 0 });
  });

  it('keep z apart where a token is no cube', async () => {
    expect((await pretraining({ preset: 'nano-anisotropic' })).isotropic).toBe(false);
    expect((await pretraining({ preset: 'nano' })).isotropic).toBe(true);
    expect((await pretraining({ preset: 'nano', isotropic: false })).isotropic).toBe(false);
    expect((await finetuning({ preset: 'nano-anisotropic' })).crop).toEqual([16, 128, 128]);
  });

  it('of grey values are a name or numbers, and mild or strong unless said', async () => {
    const contrast = async (augmentation: object) =>
      (await pretraining({ augmentation })).recipe.intensity.contrast;
    expect(await contrast({ intensity: 'none' })).toBe(0);
    expect(await contrast({ intensity: { contrast: 0.2, brightness: 0, gamma: 0, noise: 0 } })).toBe(0.2);
    expect([await contrast({}), (await finetuning({})).recipe.intensity.contrast]).toEqual([0.1, 0.3]);
  });
});

describe('crops', () => {
  it('of the default curriculum grow to the preset’s, and suit it, for every preset there is', () => {
    for (const preset of Object.values(presets)) {
      const curriculum = growingCurriculum(preset);
      checkCrops(preset, curriculum);
      expect(curriculum.at(-1)!.crop, preset.name).toEqual(preset.crop);
      const sizes = curriculum.map(({ crop }) => crop[0] * crop[1] * crop[2]);
      expect(sizes, preset.name).toEqual(sizes.toSorted((a, b) => a - b));
    }
  });

  it('may be no cubes: typed, they replace those of the file, phase by phase', async () => {
    const crops = [[4, 32, 32], [8, 48, 48], 64] as const;
    const { curriculum } = await pretraining({ preset: 'nano-anisotropic' }, { crops });
    expect(curriculum.map(({ crop }) => crop)).toEqual([
      [4, 32, 32],
      [8, 48, 48],
      [64, 64, 64],
    ]);
    expect((await refusal(pretraining({}, { crops: [32, [8, 32, 32]] }))).message).toBe(
      '--crops 32,8x32x32 names 2 sizes, but the curriculum has 3 phases; name one for each, as 32,48,64.',
    );
    expect(
      (await refusal(pretraining({ preset: 'nano-anisotropic' }, { crops: [[6, 32, 32], 32, 32] }))).message,
    ).toContain('axis z must be a positive multiple of 4');
  });
});

const phase = { until: 1, weights: { random: 1, next: 0, nextAll: 0 }, crop: [16, 16, 16] };
describe('a file is refused, with field, value and what it must be', () => {
  it.each<[unknown, string]>([
    [{ stepps: 5 }, 'FILE: stepps is no setting; did you mean steps?'],
    [
      { optimizer: { weightdecay: 0 } },
      'optimizer.weightdecay is no setting; did you mean optimizer.weightDecay?',
    ],
    [
      { curriculum: [{ ...phase, crops: 3 }] },
      'FILE: curriculum.0.crops is no setting; did you mean curriculum.0.crop?',
    ],
    [{ curriculum: [{ ...phase, crop: 32 }] }, 'curriculum.0.crop is 32, but must be three sizes [z, y, x]'],
    [
      { curriculum: [{ ...phase, until: 2 }] },
      'curriculum.0.until is 2, but must be a number above 0, at most 1',
    ],
    [{ batch: 0 }, 'batch is 0, but must be a whole number from 1 to 1000000; change it there.'],
    [
      { steps: 3, epochs: 2 },
      'FILE: the file is {"steps":3,"epochs":2}, but must be a file with either steps or epochs',
    ],
    [{ schedule: { peak: 1, peakPer256: 1 } }, 'but must be either a peak, or a peakPer256'],
    [
      { schedule: { warmup: { steps: 1, share: 0 } } },
      'but must be either {"share": 0.05}, of all steps, or',
    ],
    [{ optimizer: { betas: [0.9, 1] } }, 'optimizer.betas.1 is 1, but must be a number from 0 to below 1'],
    [
      { augmentation: { intensity: 'wild' } },
      'augmentation.intensity is "wild", but must be none, mild, strong',
    ],
    [{ heldOut: 0.9 }, 'heldOut is 0.9, but must be a number from 0 to 0.5'],
    [{ preset: 'huge' }, "There is no preset 'huge'"],
    [
      { curriculum: [{ ...phase, weights: { random: 0.5, next: 0, nextAll: 0 } }] },
      'Phase 0 of the curriculum has weights that sum to 0.5; they must be >= 0 and sum to 1.',
    ],
    ['{"steps": ', 'FILE is not JSON ('],
  ])('%j', async (value, message) => expect((await refusal(pretraining(value))).message).toContain(message));

  it('also one of the other command', async () => {
    expect((await refusal(finetuning({ curriculum: [] }))).message).toContain('curriculum is no setting');
  });

  it('and one that is not there', async () => {
    expect(await refusal(resolvePretrain({ ...pretrainFlags, config: 'absent.json' }, typed()))).toEqual({
      code: 'trainer/usage',
      message: '--config absent.json cannot be read (ENOENT); name a file of settings, as configs/nano.json.',
    });
  });
});

/** Crops, tokens and tiles that are no cubes, from the paper's recipe to labels: each command a process of its own. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openVolume } from '@tokenunify/em-io';
import { readCheckpoint } from '@tokenunify/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cells, temporaryDirectory, tokenunify, write } from './testing.fixture.ts';

const paper = fileURLToPath(new URL('../../../configs/paper.json', import.meta.url));
const shape = [6, 32, 48] as const;
let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeAll(async () => {
  directory = await temporaryDirectory();
  const volume = cells(shape);
  await write(directory.join('raw.zarr'), volume.raw, [40, 8, 8]);
  await write(directory.join('labels.npy'), volume.labels);
});
afterAll(() => directory.remove());

async function run(args: string): Promise<Readonly<Record<string, unknown>>> {
  const { code, stdout, stderr } = await tokenunify([...args.split(' '), '--json'], { cwd: directory.path });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { kind, ...result } = JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as Record<string, unknown>;
  expect(kind).toBe('result');
  return result;
}
const settings = (name: string) =>
  JSON.parse(readFileSync(directory.join(name, 'run.json'), 'utf8')) as Record<string, unknown>;

describe('an anisotropic network', { timeout: 120_000 }, () => {
  it('is pretrained by the paper’s recipe, scaled down by options, and says what was in force', async () => {
    const { steps, warnings } = await run(
      `pretrain --config ${paper} --preset nano-anisotropic --steps 1 --batch 2 --crops 4x16x32,4x16x32,4x32x32 ` +
        '--voxels-per-step 4096 --held-out 0.1 --engine cpu --raw raw.zarr --out pretrained',
    );
    expect({ steps, warnings }).toEqual({ steps: 1, warnings: [] });
    const { config, ...others } = settings('pretrained');
    expect(others).toEqual({
      ...{ command: 'pretrain', preset: 'nano-anisotropic', raw: ['raw.zarr'], box: null, steps: 1, seed: 1 },
      ...{ rate: 0.0000078125, voxelsPerStep: 4096, batch: 2, isotropic: false, heldOut: 0.1 },
      crops: [
        [4, 16, 32],
        [4, 16, 32],
        [4, 32, 32],
      ],
    });
    expect(config).toMatchObject({
      schedule: { warmup: { share: 0.05 }, final: 0 },
      optimizer: { betas: [0.9, 0.95], weightDecay: 0.05 },
      recompute: true,
    });
    expect((config as { curriculum: object[] }).curriculum[0]).toEqual({
      until: 0.3,
      weights: { random: 0.73, next: 0.18, nextAll: 0.09 },
      crop: [4, 16, 32],
    });
    // the middle phase is that of the only step: crops go one by one, and twice each
    expect(
      JSON.parse(readFileSync(directory.join('pretrained/log.jsonl'), 'utf8').split('\n')[0]!),
    ).toMatchObject({
      kind: 'step',
      voxels: 2 * 2 * 4 * 16 * 32,
    });
  });

  it('is fine-tuned from there in epochs, crop by crop', async () => {
    const { steps } = await run(
      'finetune --preset nano-anisotropic --from pretrained/last.safetensors --raw raw.zarr --labels labels.npy ' +
        '--crop 4,16,16 --batch 2 --voxels-per-step 1024 --epochs 0.4 --engine cpu --out tuned',
    );
    expect(steps).toBe(2); // 0.4 x 9216 voxels in crops of 1024, two a step
    const { state } = await readCheckpoint(directory.join('tuned/checkpoint-000002.safetensors'));
    expect(state).toMatchObject({
      preset: 'nano-anisotropic',
      step: 2,
      steps: 2,
      epochs: 0.4,
      isotropic: false,
    });
  });

  it('is exported, scored and segments a volume whose size no tile divides', async () => {
    const { difference } = await run(
      'export --checkpoint tuned/checkpoint-000002.safetensors --engine cpu --tile 4,16,16 --voxel-size 40,8,8 --out package',
    );
    expect(difference).toBeLessThan(1e-4);
    await run('segment --model package raw.zarr labels-out.npy --threads 1');
    const labels = await openVolume(directory.join('labels-out.npy'));
    expect(labels.shape).toEqual(shape);
    await labels.close();
    const { scores } = await run(
      'evaluate --checkpoint tuned/last.safetensors --engine cpu --tile 4,16,16 --raw raw.zarr --labels labels.npy ' +
        '--box :,:20,:24 --no-baselines --postprocessing {"watershed":{"mode":"section"},"agglomeration":{"scoring":"mean","threshold":0.5}}',
    );
    expect(scores).toHaveLength(1);
  });
});

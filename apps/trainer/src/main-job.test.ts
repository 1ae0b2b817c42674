/** The whole path as a user goes it, on a tiny volume and the cpu engine: each command a process of its own. */
import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { openVolume, wholeBox } from '@tokenunify/em-io';
import { readCheckpoint } from '@tokenunify/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  cells,
  temporaryDirectory,
  tokenunify,
  write,
  type Ended,
  type Invocation,
} from './testing.fixture.ts';

const shape = [32, 40, 48] as const;
const volume = cells(shape);
let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeAll(async () => {
  directory = await temporaryDirectory();
  await write(directory.join('raw.zarr'), volume.raw, [10, 10, 10]);
  await write(directory.join('labels.npy'), volume.labels);
});
afterAll(() => directory.remove());

const run = (args: string, options: Invocation = {}): Promise<Ended> =>
  tokenunify(args.split(' '), { cwd: directory.path, ...options });

type Line = Readonly<Record<string, unknown>>;

/** Runs with --json: every line of stdout must parse; the last is the result. */
async function json(args: string): Promise<{ result: Line; lines: readonly Line[] }> {
  const { code, stdout, stderr } = await run(`${args} --json`);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  const { kind, ...result } = lines.at(-1)!;
  expect(kind).toBe('result');
  return { lines, result };
}

async function read(location: string) {
  const opened = await openVolume(directory.join(location));
  try {
    return { opened, data: (await opened.read(wholeBox(opened.shape))).data };
  } finally {
    await opened.close();
  }
}

const small = '--engine cpu --crops 16,16,16 --voxels-per-step 8192 --steps 3';
const pretrain = `pretrain --raw raw.zarr ${small}`;

describe('tokenunify', { timeout: 180_000 }, () => {
  it('pretrains', async () => {
    const { lines, result } = await json(`${pretrain} --out pretrained`);
    expect(result).toMatchObject({
      command: 'pretrain',
      steps: 3,
      checkpoint: 'pretrained/checkpoint-000003.safetensors',
    });
    const steps = lines.filter(({ kind }) => kind === 'progress');
    expect(steps.map(({ stage, done, total }) => [stage, done, total])).toEqual([
      ['pretrain', 1, 3],
      ['pretrain', 2, 3],
      ['pretrain', 3, 3],
    ]);
    for (const { losses } of steps)
      expect(losses).toEqual({
        total: expect.any(Number),
        random: expect.any(Number),
        next: expect.any(Number),
        nextAll: expect.any(Number),
      });
    expect((await readdir(directory.join('pretrained'))).toSorted()).toEqual([
      'checkpoint-000003.safetensors',
      'last.safetensors',
      'log.jsonl',
      'run.json',
    ]);
    expect(JSON.parse(readFileSync(directory.join('pretrained/run.json'), 'utf8'))).toMatchObject({
      command: 'pretrain',
      crops: [16, 16, 16],
    });
  });

  it('ends a pretraining on Ctrl-C so that --resume leads to the same weights, byte by byte', async () => {
    let signalled = false;
    const stopped = await run(`${pretrain} --out interrupted`, {
      heard: (text, child) => {
        if (signalled || !text.includes('pretrain   1/3')) return;
        signalled = true;
        child.kill('SIGINT');
      },
    });
    expect(stopped.code).toBe(130);
    expect(stopped.stdout).toBe('');
    expect(stopped.stderr).toContain('Stopping after this step; press Ctrl-C again to stop at once.');
    expect(stopped.stderr).toContain(
      'Stopped; go on with `tokenunify pretrain ... --out interrupted --resume`.',
    );
    const { state, optimizer } = await readCheckpoint(directory.join('interrupted/last.safetensors'));
    expect([1, 2]).toContain(state['step']);
    expect(optimizer).toBeDefined();

    const again = await run(`${pretrain} --out interrupted`);
    expect(again.stderr).toBe(
      'tokenunify: interrupted already holds a run; pass --resume to go on with it, or choose another --out.\n',
    );
    const other = await run(`${pretrain} --out interrupted --resume --seed 2`);
    expect(other.stderr).toContain('interrupted was started with another seed, 1 instead of 2;');
    expect([again.code, other.code]).toEqual([1, 1]);

    expect((await run(`${pretrain} --out interrupted --resume`)).code).toBe(0);
    for (const file of ['last.safetensors', 'checkpoint-000003.safetensors'])
      expect(
        readFileSync(directory.join('interrupted', file)).equals(
          readFileSync(directory.join('pretrained', file)),
        ),
        file,
      ).toBe(true);
  });

  it('fine-tunes from there', async () => {
    const { result } = await json(
      'finetune --raw raw.zarr --labels labels.npy --box :,:24,: --from pretrained/checkpoint-000003.safetensors ' +
        '--engine cpu --crop 16,16,16 --steps 4 --checkpoint-every 2 --out tuned',
    );
    expect(result).toMatchObject({ steps: 4, checkpoint: 'tuned/checkpoint-000004.safetensors' });
    expect(existsSync(directory.join('tuned/checkpoint-000002.safetensors'))).toBe(true);
  });

  it('chooses a checkpoint and post-processing on other voxels', async () => {
    const { result } = await json(
      'evaluate --checkpoint tuned/checkpoint-000002.safetensors tuned/checkpoint-000004.safetensors --engine cpu ' +
        '--tile 16,16,16 --raw raw.zarr --labels labels.npy --box :16,24:,:24 --tune-box :,:24,: --select chosen/selection.json ' +
        '--scoring mean hist50 --thresholds 0.2,0.5 --minimum-sizes 0,20',
    );
    expect(result['checkpoint']).toMatch(/^tuned\/checkpoint-00000[24]\.safetensors$/);
    expect(result['scores']).toHaveLength(4);
    expect(JSON.parse(readFileSync(directory.join('chosen/selection.json'), 'utf8'))).toEqual(result);
  });

  it('exports a package that differs from the engine by nothing that matters', async () => {
    const { result } = await json(
      'export --checkpoint tuned/checkpoint-000004.safetensors --engine cpu --tile 16,16,16 --selection chosen/selection.json ' +
        '--timestamp 2026-01-01T00:00:00Z --voxel-size 10,10,10 --out package',
    );
    expect(result['difference']).toBeLessThan(1e-4);
    const card = readFileSync(directory.join('package/README.md'), 'utf8');
    expect(card).toContain('npx tokenunify pretrain --preset nano --raw raw.zarr');
    expect(card).toContain(
      'On `:16,24:,:24`; the chosen checkpoint is among the trainings above, with the boxes it had seen by then',
    );
  });

  it('says what a package, a checkpoint and a volume are', async () => {
    const selection = JSON.parse(readFileSync(directory.join('chosen/selection.json'), 'utf8')) as Line;
    expect((await json('info package')).result).toMatchObject({
      ...{ type: 'model package', preset: 'nano', tile: [16, 16, 16], voxelSize: [10, 10, 10] },
      postprocessing: selection['postprocessing'],
    });
    expect((await json('info tuned/last.safetensors')).result).toMatchObject({
      ...{ type: 'checkpoint', command: 'finetune', resumable: true, step: 4 },
    });
    expect((await json('info raw.zarr')).result).toMatchObject({
      type: 'volume',
      format: 'zarr',
      dtype: 'uint8',
      shape,
    });
    const { code, stdout } = await run('info labels.npy');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout:
        'type           volume\nformat         npy\ndtype          uint32\nshape          32 x 40 x 48\nattributes     -\n',
    });
  });

  it('segments to .zarr and .npy alike, with affinities beside', async () => {
    const { result } = await json(
      'segment --model package raw.zarr labels.zarr --affinities affinities.npy --threads 1',
    );
    const plain = await run('segment --model package raw.zarr again.npy --threads 1');
    expect(plain).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^again\.npy: \d+ labels from \d+ fragments, 32 x 40 x 48 voxels/),
    });
    const zarr = await read('labels.zarr');
    expect(zarr.opened).toMatchObject({ dtype: 'uint32', shape, voxelSize: [10, 10, 10] });
    expect(zarr.data).toEqual((await read('again.npy')).data);
    const ids = new Set<unknown>(zarr.data);
    expect([ids.size, Math.max(...(zarr.data as Uint32Array))]).toEqual([result['labels'], result['labels']]);
    expect((await read('affinities.npy')).opened).toMatchObject({ dtype: 'uint8', shape, channels: 3 });
  });

  it('segments a box as a volume of its own, thinner than a tile', async () => {
    const box = await run('segment --model package raw.zarr box.npy --box :9,8:,:24 --threads 1');
    expect(box.code).toBe(0);
    const cut = { dtype: 'uint8', shape: [9, 32, 24], data: new Uint8Array(9 * 32 * 24) } as const;
    for (let z = 0, v = 0; z < 9; z++)
      for (let y = 8; y < 40; y++)
        for (let x = 0; x < 24; x++) cut.data[v++] = volume.raw.data[(z * 40 + y) * 48 + x]!;
    await write(directory.join('cut.npy'), cut);
    expect((await run('segment --model package cut.npy cut-labels.npy --threads 1')).code).toBe(0);
    expect((await read('box.npy')).data).toEqual((await read('cut-labels.npy')).data);
  });

  it('scores the package, and writes the report', async () => {
    const { result } = await json(
      'evaluate --model package --raw raw.zarr --labels labels.npy --box 16:,24:,: --tune-box :,:24,: --report report.json',
    );
    expect(JSON.parse(readFileSync(directory.join('report.json'), 'utf8'))).toEqual(result);
    const names = (result['scores'] as readonly Line[]).map(({ name }) => name);
    expect(names).toEqual([
      'TokenUnify nano 0.1.0',
      'all one label',
      'every voxel its own',
      expect.stringMatching(/^intensity > \d+$/),
    ]);
  });

  it('exports again with the report, replacing the package only when told to', async () => {
    const args =
      'export --checkpoint tuned/checkpoint-000004.safetensors --engine cpu --tile 16,16,16 --report report.json --out package';
    const refused = await run(args);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/tokenunify: .*package is not empty, and a model package is immutable;/);
    await json(`${args} --overwrite`);
    expect(readFileSync(directory.join('package/README.md'), 'utf8')).toContain(
      'On `16:,24:,:`, read once, for no choice.',
    );
  });
});

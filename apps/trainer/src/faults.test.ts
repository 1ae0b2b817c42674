/** Bad input, as a user meets it: one sentence, exit code 1, no stack trace, nothing left behind. */
import { copyFileSync, cpSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { outcomeOf } from './outcome.ts';
import { createProgram } from './program/index.ts';
import { cells, emIoFixture, temporaryDirectory, tokenunify, write, type Ended } from './testing.fixture.ts';
import { writeUntrainedCheckpoint, writeUntrainedPackage } from './untrained.fixture.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let before: readonly string[];
beforeAll(async () => {
  directory = await temporaryDirectory();
  const at = directory.join;
  const { raw, labels } = cells([16, 20, 24], 4);
  await write(at('raw.npy'), raw);
  await write(at('labels.zarr'), labels);
  for (const name of ['lzf', 'truncated', 'v110-truncated', 'cremi-like', 'damaged-chunk'])
    copyFileSync(emIoFixture(`hdf5/${name}.h5`), at(`${name}.h5`));
  copyFileSync(emIoFixture('npy/section.npy'), at('section.npy'));
  cpSync(emIoFixture('zarr/xyz.zarr'), at('xyz.zarr'), { recursive: true });
  copyFileSync(at('raw.npy'), at('short.npy'));
  truncateSync(at('short.npy'), 4000);
  const floats = Float32Array.from(raw.data);
  floats[(3 * 20 + 4) * 24 + 5] = NaN;
  await write(at('nan.npy'), { dtype: 'float32', shape: [16, 20, 24], data: floats });
  await write(at('channels.npy'), {
    dtype: 'uint8',
    shape: [2, 16, 16, 16],
    data: new Uint8Array(2 * 16 ** 3),
  });
  await write(at('empty.npy'), { dtype: 'uint8', shape: [16, 0, 16], data: new Uint8Array(0) });
  await write(at('thin.npy'), { dtype: 'uint8', shape: [16, 16, 7], data: new Uint8Array(16 * 16 * 7) });
  writeFileSync(at('notes.txt'), 'not a volume');
  writeFileSync(at('there.npy'), 'something else');
  await writeUntrainedPackage(at('package'));
  await writeUntrainedPackage(at('changed'));
  const onnx = readFileSync(at('changed/model.onnx'));
  onnx[onnx.length - 100]! ^= 1;
  writeFileSync(at('changed/model.onnx'), onnx);
  await writeUntrainedCheckpoint(at('tuned.safetensors'));
  await writeUntrainedCheckpoint(at('pretrained.safetensors'), 'pretrain');
  copyFileSync(at('tuned.safetensors'), at('cut.safetensors'));
  truncateSync(at('cut.safetensors'), 100_000);
  before = await readdir(directory.path);
  process.chdir(directory.path);
});
afterAll(async () => {
  process.chdir(home);
  await directory.remove();
});
const home = process.cwd();

/** As `main` does, but here: fifty processes would take a minute. Some of them are started below. */
async function inThisProcess(args: readonly string[]): Promise<Ended> {
  const ended = { code: -1, stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      ended[name] += String(text);
      return true;
    }),
  );
  try {
    const { signal } = new AbortController();
    const program = createProgram(async ({ json }, run) => {
      ended.code = await outcomeOf(run, { signal, json });
    });
    await program.parseAsync(args, { from: 'user' });
    return ended;
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

async function refusal(args: string, start = inThisProcess): Promise<string> {
  const { code, stdout, stderr } = await start(args.split(' '));
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  // what came before the fault may have been progress
  const sentences = stderr
    .trimEnd()
    .split('\n')
    .filter((line) => !/^(tiles|engine|This engine)/.test(line));
  expect(sentences).toHaveLength(1);
  expect(stderr).not.toMatch(/^ +at /m);
  expect(await readdir(directory.path)).toEqual(before);
  return sentences[0]!.replaceAll(directory.path, '.');
}

describe('segment refuses', () => {
  it.each([
    ['a file that is not there', 'nowhere.npy', 'nowhere.npy does not exist; check the path.'],
    [
      'what is not a volume',
      'notes.txt',
      './notes.txt is neither HDF5 nor npy, nor a Zarr directory; convert it to one of them.',
    ],
    ['a location of a kind that is not read', 's3://bucket/x.zarr', /is a remote location \(s3\)/],
    ['a truncated npy file', 'short.npy', /\.\/short\.npy .*(truncated|bytes)/],
    ['a truncated HDF5 file', 'truncated.h5', /\.\/truncated\.h5 .*(truncated|bytes)/],
    [
      'a truncated HDF5 file of libver latest',
      'v110-truncated.h5',
      /\.\/v110-truncated\.h5 .*(truncated|bytes)/,
    ],
    ['HDF5 compressed with LZF', 'lzf.h5', /\.\/lzf\.h5.*LZF.*gzip/i],
    [
      'a dataset that is not there',
      'cremi-like.h5:/volumes/rw',
      /\/volumes\/rw in .\/cremi-like\.h5 does not exist; the file has .*\/volumes\/raw/,
    ],
    ['two axes', 'section.npy', /\.\/section\.npy .*z, y, x/],
    [
      'channels',
      'channels.npy',
      /channels\.npy has 2 channels, but raw data is a volume with the axes \(z, y, x\)/,
    ],
    ['axes that say x, y, z', 'xyz.zarr', /\.\/xyz\.zarr .*transpose/],
    ['a volume of nothing', 'empty.npy', /empty\.npy is empty: its shape is 16 x 0 x 16/],
    [
      'less than a token',
      'thin.npy',
      /thin\.npy has 7 voxels along x, but this model needs at least 8 \(one token\)/,
    ],
    [
      'floats, without their range',
      'nan.npy',
      'nan.npy is float32, but grey values are uint8 here; say with --raw-range LOW,HIGH which values are black and white, or convert it.',
    ],
    [
      'NaN',
      'nan.npy --raw-range 0,255',
      /nan\.npy holds NaN at voxel \(3, 4, 5\), which is not a grey value: replace it/,
    ],
    ['a box outside', 'raw.npy --box :,:21,:', /asks for 0:21 on axis y, the volume has 20/],
    ['a model that is not there', 'raw.npy --model nowhere', /nowhere.*rdf\.yaml/],
    ['a model that was changed', 'raw.npy --model changed', /model\.onnx.*sha256/],
    [
      'post-processing that is not JSON',
      'raw.npy --postprocessing {',
      "--postprocessing '{' is not JSON; write it as",
    ],
    [
      'post-processing that makes no sense',
      'raw.npy --postprocessing {}',
      /postprocessing\.watershed\.mode is missing/,
    ],
  ])('%s', async (_, input, message) => {
    const model = input.includes('--model') ? '' : ' --model package';
    expect(await refusal(`segment ${input} out.npy${model}`)).toMatch(message);
  });

  it.each([
    ['out.tif', 'Cannot tell how to write out.tif; end its name in .zarr or .npy.'],
    ['there.npy', 'there.npy exists already; choose another name or pass --overwrite.'],
    ['nowhere/out.npy', 'The directory of nowhere/out.npy does not exist; make it first.'],
    ['out.npy --affinities out.npy', 'Labels and affinities would both be out.npy; name two places.'],
  ])('to write %s, before it reads anything', async (output, message) => {
    expect(await refusal(`segment nowhere.npy ${output} --model package`)).toBe(`tokenunify: ${message}`);
  });

  it('to replace what is no volume, also with --overwrite', async () => {
    expect(await refusal('segment raw.npy labels.zarr --model package')).toMatch(
      /labels\.zarr exists already/,
    );
    expect(await refusal('segment raw.npy there.npy --model package --overwrite')).toMatch(
      /there\.npy exists and holds something other than one array/,
    );
  });

  it('to write over what it reads', async () => {
    for (const options of ['raw.npy', 'out.npy --affinities raw.npy'])
      expect(await refusal(`segment raw.npy ${options} --model package --overwrite`)).toMatch(
        /raw\.npy is what is read/,
      );
  });
});

describe('training refuses', () => {
  const finetune = 'finetune --engine cpu --crop 16,16,16 --out run';
  it.each([
    ['pretrain --raw lzf.h5 --engine cpu --out run', /lzf\.h5.*LZF/i],
    [
      'pretrain --raw nan.npy --engine cpu --out run',
      'nan.npy has dtype float32, but grey values are uint8 here; convert it first.',
    ],
    [
      'pretrain --raw raw.npy --engine cpu --out run',
      'raw.npy has 16 voxels on axis z of the box, a crop needs 32; choose a larger box or smaller crops.',
    ],
    [
      'pretrain --raw raw.npy --engine cpu --out run --crops 16,16',
      '--crops 16,16 names 2 sizes, but the curriculum has 3 phases; name one for each, as 32,48,64.',
    ],
    [
      'pretrain --raw raw.npy --engine cpu --out run --crops 16,16,20',
      /Crop \[20, 20, 20\] does not suit preset 'nano': axis z must be a positive multiple of 16/,
    ],
    [`${finetune} --raw raw.npy --labels thin.npy`, 'thin.npy has shape [16, 16, 7], '],
    [
      `${finetune} --raw raw.npy --labels labels.zarr --from nowhere.safetensors`,
      /Checkpoint nowhere\.safetensors cannot be read/,
    ],
    [`${finetune} --raw raw.npy --labels labels.zarr --from cut.safetensors`, /cut\.safetensors/],
    [`${finetune} --raw raw.npy --labels labels.zarr --from notes.txt`, /notes\.txt/],
  ])('%s', async (args, message) => expect(await refusal(args)).toMatch(message));
});

describe('the other commands refuse', () => {
  it.each([
    ['evaluate --raw raw.npy --labels labels.zarr --report out.json', 'Name either --model or --checkpoint'],
    [
      'evaluate --model package --raw raw.npy --labels cremi-like.h5:/volumes/nope --report out.json',
      /\/volumes\/nope in .*does not exist/,
    ],
    [
      'evaluate --model package --raw damaged-chunk.h5 --labels labels.zarr --report out.json',
      /damaged-chunk\.h5/,
    ],
    [
      'evaluate --checkpoint tuned.safetensors --raw raw.npy --labels labels.zarr --report out.json',
      'A checkpoint has no post-processing; give --postprocessing, or choose one with --select.',
    ],
    [
      'evaluate --checkpoint pretrained.safetensors --engine cpu --raw raw.npy --labels labels.zarr --select out.json',
      'pretrained.safetensors is no checkpoint of `tokenunify finetune`; only those predict affinities.',
    ],
    [
      'export --checkpoint pretrained.safetensors --out out',
      'pretrained.safetensors is no checkpoint of `tokenunify finetune`; only those predict affinities.',
    ],
    [
      'export --checkpoint tuned.safetensors --out out --tile 16,16,20',
      /axis x must be a positive multiple of 16/,
    ],
    ['export --checkpoint tuned.safetensors --out out --opset 9', /opset/i],
    [
      'export --checkpoint tuned.safetensors --out out --selection notes.txt',
      'notes.txt is not readable JSON; name a file that `tokenunify evaluate` wrote.',
    ],
    ['info notes.txt', /notes\.txt is neither HDF5 nor npy/],
    ['info cut.safetensors', /cut\.safetensors/],
  ])('%s', async (args, message) => expect(await refusal(args)).toMatch(message));
});

it.each([
  ['segment lzf.h5 out.npy --model package', /lzf\.h5.*LZF/i],
  ['segment nan.npy out.zarr --model package --raw-range 0,255', /nan\.npy holds NaN at voxel \(3, 4, 5\)/],
  ['evaluate --model changed --raw raw.npy --labels labels.zarr --report out.json', /model\.onnx.*sha256/],
])('a process of its own ends alike: %s', async (args, message) =>
  expect(await refusal(args, (words) => tokenunify(words))).toMatch(message),
);

it('with --json a refusal is also an object on stdout, with a stable code', async () => {
  const { code, stdout, stderr } = await tokenunify([
    'segment',
    'lzf.h5',
    'out.npy',
    '--model',
    'package',
    '--json',
  ]);
  expect(code).toBe(1);
  const { message, ...rest } = JSON.parse(stdout) as Record<string, unknown>;
  expect(rest).toEqual({ kind: 'error', code: 'em-io/filter-unsupported' });
  expect(stderr).toBe(`tokenunify: ${String(message)}\n`);
});

it('an option that is not there is refused with the way to those that are', async () => {
  const { code, stdout, stderr } = await tokenunify(['segment', 'a', 'b', '--modle', 'c']);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toBe(
    "error: unknown option '--modle'\n(Did you mean --model?)\n(add --help for the options)\n",
  );
});

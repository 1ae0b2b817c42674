import fc from 'fast-check';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isModelError } from '../errors.ts';
import type { Weights } from '../training/weights.ts';
import { encodeCheckpoint, readCheckpoint, writeCheckpoint, type Checkpoint } from './checkpoint.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'checkpoint-'));
  path = join(directory, 'run.safetensors');
});
afterEach(() => rm(directory, { recursive: true }));

const weights: Weights = new Map([
  ['stem.weight', { shape: [2, 3], data: Float32Array.of(1, -2, 3.5, -0, 1e-40, 3e38) }],
  ['stem.bias', { shape: [1], data: Float32Array.of(0.1) }],
]);
const other: Weights = new Map([['stem.bias:first', { shape: [1], data: Float32Array.of(7) }]]);
const whole: Checkpoint = {
  weights,
  average: new Map([['stem.bias', { shape: [1], data: Float32Array.of(0.2) }]]),
  optimizer: { step: 12, moments: other },
  state: { preset: 'nano', step: 12, crop: [64, 64, 64], note: 'µm — 神経', losses: { total: 0.1 } },
};

async function refusal(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    if (isModelError(error, 'model/checkpoint')) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('a checkpoint', () => {
  it('comes back from its file as it was', async () => {
    await writeCheckpoint(path, whole);
    expect(await readCheckpoint(path)).toEqual(whole);
  });

  it('comes back without optimizer and average when it has none', async () => {
    await writeCheckpoint(path, { weights, state: {} });
    expect(await readCheckpoint(path)).toEqual({ weights, state: {} });
  });

  it('keeps optimizer state of step 0', async () => {
    const fresh = { ...whole, optimizer: { step: 0, moments: new Map() } };
    await writeCheckpoint(path, fresh);
    expect(await readCheckpoint(path)).toEqual(fresh);
  });

  it('owns its numbers: nothing it gives is shared with the file’s buffer or with each other', async () => {
    await writeCheckpoint(path, whole);
    const { weights: read } = await readCheckpoint(path);
    const buffers = new Set([...read.values()].map(({ data }) => data.buffer));
    expect(buffers.size).toBe(read.size);
    for (const { data } of read.values()) expect(data.buffer.byteLength).toBe(data.byteLength);
  });

  it('is written with parts of larger arrays as well', async () => {
    const large = Float32Array.of(9, 8, 7, 6);
    await writeCheckpoint(path, {
      weights: new Map([['x', { shape: [2], data: large.subarray(1, 3) }]]),
      state: {},
    });
    expect((await readCheckpoint(path)).weights.get('x')!.data).toEqual(Float32Array.of(8, 7));
  });

  it('is read in the parts that are asked for', async () => {
    await writeCheckpoint(path, whole);
    const { optimizer: _, ...usable } = whole;
    expect(await readCheckpoint(path, { parts: ['weights', 'average'] })).toEqual(usable);
    expect(await readCheckpoint(path, { parts: ['weights'] })).toEqual({ weights, state: whole.state });
  });

  it('is the same file as the bytes it is encoded to', async () => {
    await writeCheckpoint(path, whole);
    expect(new Uint8Array(await readFile(path))).toEqual(encodeCheckpoint(whole));
  });

  it('makes the directory it is written to', async () => {
    const deep = join(directory, 'a', 'b', 'run.safetensors');
    await writeCheckpoint(deep, whole);
    expect(await readCheckpoint(deep)).toEqual(whole);
  });
});

describe('writing', () => {
  it('replaces the file at once and leaves nothing beside it', async () => {
    await writeCheckpoint(path, { weights, state: { step: 1 } });
    await writeCheckpoint(path, { weights, state: { step: 2 } });
    expect((await readCheckpoint(path)).state).toEqual({ step: 2 });
    expect(await readdir(directory)).toEqual(['run.safetensors']);
  });

  it('does not mind what a killed run left half-written, nor does reading', async () => {
    await writeCheckpoint(path, { weights, state: { step: 1 } });
    await writeFile(`${path}.partial`, 'half a checkpoint, longer than the one that follows'.repeat(100));
    expect((await readCheckpoint(path)).state).toEqual({ step: 1 });
    await writeCheckpoint(path, { weights, state: { step: 2 } });
    expect(await readCheckpoint(path)).toEqual({ weights, state: { step: 2 } });
    expect(await readdir(directory)).toEqual(['run.safetensors']);
  });

  it('that fails leaves the checkpoint before it', async () => {
    await writeCheckpoint(path, { weights, state: { step: 1 } });
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    await expect(writeCheckpoint(path, { weights, state: cyclic })).rejects.toThrow();
    expect((await readCheckpoint(path)).state).toEqual({ step: 1 });
  });
});

describe('reading refuses', () => {
  it('a file that is not there', async () => {
    expect(await refusal(() => readCheckpoint(join(directory, 'none.safetensors')))).toMatch(
      /none\.safetensors cannot be read; name a file that/,
    );
  });

  it('a file cut short anywhere, naming it', async () => {
    await writeCheckpoint(path, whole);
    const bytes = await readFile(path);
    for (const length of [0, 7, 8, 40, bytes.length - 5, bytes.length - 1]) {
      await writeFile(path, bytes.subarray(0, length));
      expect(await refusal(() => readCheckpoint(path)), `${length} bytes`).toMatch(
        /run\.safetensors is not a readable checkpoint: .*; write it again or use an older one\.$/,
      );
    }
  });

  it('weights of another program', async () => {
    await writeFile(path, encodeSafetensors({ weights, metadata: { format: 'pt' } }));
    expect(await refusal(() => readCheckpoint(path))).toContain('but not a checkpoint of tokenunify');
    await writeFile(path, 'PK\x03\x04 a zip file, of which PyTorch makes its own checkpoints');
    expect(await refusal(() => readCheckpoint(path))).toContain('is not a readable checkpoint');
  });

  it('state that is not JSON', async () => {
    const metadata = { format: 'tokenunify-checkpoint-1', state: '{"step":', optimizerStep: '-1' };
    await writeFile(path, encodeSafetensors({ weights, metadata }));
    expect(await refusal(() => readCheckpoint(path))).toContain('its state is not JSON');
  });

  const header = (text: string): Uint8Array => {
    const json = new TextEncoder().encode(text);
    const bytes = new Uint8Array(8 + json.length + 16);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
    bytes.set(json, 8);
    return bytes;
  };
  it.each([
    ['no object', 'null'],
    ['a list', '[1]'],
    ['an entry that is null', '{"x":null}'],
    ['another type', '{"x":{"dtype":"F16","shape":[8],"data_offsets":[0,16]}}'],
    ['no shape', '{"x":{"dtype":"F32","data_offsets":[0,16]}}'],
    ['a negative shape', '{"x":{"dtype":"F32","shape":[-1],"data_offsets":[4,0]}}'],
    ['a fraction as shape', '{"x":{"dtype":"F32","shape":[0.5,8],"data_offsets":[0,16]}}'],
    ['offsets before the data', '{"x":{"dtype":"F32","shape":[4],"data_offsets":[-16,0]}}'],
    ['offsets behind the data', '{"x":{"dtype":"F32","shape":[4],"data_offsets":[4,20]}}'],
    ['offsets that are text', '{"x":{"dtype":"F32","shape":[4],"data_offsets":["0","16"]}}'],
    ['offsets that do not fit the shape', '{"x":{"dtype":"F32","shape":[3],"data_offsets":[0,16]}}'],
    ['metadata that is no text', '{"__metadata__":{"format":1}}'],
    ['metadata that is no object', '{"__metadata__":"format"}'],
  ])('a header with %s', async (_, text) => {
    expect(await refusal(() => decodeSafetensors(header(text), 'run.safetensors'))).toContain(
      'run.safetensors is not a readable checkpoint',
    );
  });
});

describe('safetensors', () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9.:_/-]{0,12}$/);
  const tensor = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }).chain((shape) =>
    fc
      .float32Array({
        minLength: shape.reduce((a, b) => a * b, 1),
        maxLength: shape.reduce((a, b) => a * b, 1),
      })
      .map((data) => ({ shape, data })),
  );
  const all = fc.array(fc.tuple(name, tensor), { maxLength: 6 }).map((entries) => new Map(entries));
  const metadata = fc.dictionary(fc.string({ maxLength: 8 }), fc.string({ maxLength: 20 }), {
    noNullPrototype: true,
  });

  it('come back bit for bit, whatever their names, shapes and numbers, wherever the bytes lie', () => {
    fc.assert(
      fc.property(all, metadata, fc.nat({ max: 9 }), (weights, metadata, offset) => {
        const bytes = encodeSafetensors({ weights, metadata });
        // as from a Buffer of a pool: a view at any offset of larger memory
        const pool = Buffer.alloc(bytes.length + 20, 0xff);
        pool.set(bytes, offset);
        const read = decodeSafetensors(pool.subarray(offset, offset + bytes.length), 'file');
        expect([...read.weights.keys()]).toEqual([...weights.keys()]);
        for (const [key, { shape, data }] of weights) {
          expect(read.weights.get(key)!.shape).toEqual(shape);
          expect(new Uint8Array(read.weights.get(key)!.data.buffer)).toEqual(new Uint8Array(data.buffer));
        }
        expect(read.metadata).toEqual(metadata);
      }),
    );
  });

  it('with damaged bytes are read or refused, never anything else', () => {
    const bytes = encodeSafetensors({ weights, metadata: { format: 'x' } });
    const damage = fc.array(fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(damage, fc.nat({ max: bytes.length }), (changes, length) => {
        const broken = bytes.slice();
        for (const [at, value] of changes) broken[at] = value;
        for (const file of [broken, broken.subarray(0, length)])
          try {
            decodeSafetensors(file, 'file');
          } catch (error) {
            if (!isModelError(error, 'model/checkpoint')) throw error;
          }
      }),
      { numRuns: 2000 },
    );
  });

  it('start their data at a multiple of eight bytes, as the format asks', () => {
    for (const value of ['', 'a', 'ab', 'abcdefg']) {
      const bytes = encodeSafetensors({ weights, metadata: { value } });
      expect(Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8).toBe(0);
    }
  });
});

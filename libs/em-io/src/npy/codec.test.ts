import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOf, dtypes, itemSize, viewAs, type Dtype } from '../dtype.ts';
import { isEmIoError } from '../errors.ts';
import { elementCount } from '../geometry.ts';
import { fixture, fixtureShape, pattern } from '../testing.ts';
import { decodeNpy, encodeNpy } from './codec.ts';

const load = async (name: string) => new Uint8Array(await readFile(fixture(`npy/${name}`)));

/** An npy file with this header text. */
function withHeader(text: string, dataBytes = 0, version = 1): Uint8Array {
  const head =
    version === 1
      ? [1, 0, text.length & 255, text.length >> 8]
      : [version, 0, text.length & 255, text.length >> 8, 0, 0];
  const bytes = [0x93, ...new TextEncoder().encode('NUMPY'), ...head, ...new TextEncoder().encode(text)];
  return new Uint8Array([...bytes, ...new Uint8Array(dataBytes)]);
}

function failure(action: () => unknown): { code: string; message: string } {
  try {
    action();
  } catch (error) {
    if (isEmIoError(error)) return error;
    throw error;
  }
  throw new Error('expected an error');
}

describe('reading what numpy wrote', () => {
  test.each(dtypes)('%s', async (dtype) => {
    expect(decodeNpy(await load(`${dtype}.npy`))).toEqual(pattern(fixtureShape, dtype));
  });

  test.each<Dtype>(['int16', 'uint32', 'uint64', 'float32', 'float64'])('big-endian %s', async (dtype) => {
    expect(decodeNpy(await load(`${dtype}-big.npy`))).toEqual(pattern(fixtureShape, dtype));
  });

  test('Fortran order becomes C order', async () => {
    expect(decodeNpy(await load('fortran.npy'))).toEqual(pattern(fixtureShape, 'int32'));
  });

  test.each([2, 3])('format version %d', async (version) => {
    expect(decodeNpy(await load(`version-${version}.npy`))).toEqual(pattern(fixtureShape, 'uint16'));
  });

  test('any number of axes', async () => {
    expect(decodeNpy(await load('channels.npy'))).toEqual(pattern([3, ...fixtureShape], 'float32'));
    expect(decodeNpy(await load('section.npy'))).toEqual(pattern([5, 6], 'uint8'));
    expect(decodeNpy(await load('scalar.npy'))).toEqual(pattern([], 'float64'));
  });

  test('data at an odd place in a larger buffer', async () => {
    const bytes = await load('float64.npy');
    const moved = new Uint8Array(bytes.length + 3);
    moved.set(bytes, 3);
    expect(decodeNpy(moved.subarray(3))).toEqual(pattern(fixtureShape, 'float64'));
  });
});

test('what is written is what numpy writes, byte for byte', async () => {
  for (const dtype of dtypes) {
    expect(encodeNpy(pattern(fixtureShape, dtype))).toEqual(await load(`${dtype}.npy`));
  }
  expect(encodeNpy(pattern([3, ...fixtureShape], 'float32'))).toEqual(await load('channels.npy'));
});

test('any array survives writing and reading, bit for bit', () => {
  const arrays = fc
    .tuple(fc.constantFrom(...dtypes), fc.array(fc.nat(5), { maxLength: 5 }))
    .chain(([dtype, shape]) => {
      const length = elementCount(shape) * itemSize(dtype);
      return fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => {
        return { dtype, shape, data: viewAs(dtype, new Uint8Array(bytes)) };
      });
    });
  fc.assert(
    fc.property(arrays, (array) => {
      const { dtype, shape, data } = decodeNpy(encodeNpy(array));
      expect({ dtype, shape, bytes: bytesOf(data) }).toEqual({
        ...array,
        bytes: bytesOf(array.data),
        data: undefined,
      });
    }),
  );
});

describe('what is not an npy volume gives one sentence', () => {
  test.each([
    ['nothing', new Uint8Array(), /starts with nothing instead of the npy signature/],
    ['another format', new TextEncoder().encode('PK\x03\x04....'), /starts with the bytes 50 4b 03 04/],
    ['a header cut off', withHeader("{'descr': '<f4'").subarray(0, 9), /ends inside its header/],
    ['an unknown version', withHeader('{}', 0, 9), /format version is 9/],
    ['no dictionary', withHeader('import os'), /its header "import os" is not a dictionary/],
    ['code in the dictionary', withHeader("{'descr': __import__('os'), }"), /cannot be understood at/],
    ['a missing key', withHeader("{'descr': '<f4', 'shape': (1,), }"), /lacks the key 'fortran_order'/],
    ['a key twice', withHeader("{'shape': (1,), 'shape': (2,)}"), /cannot be understood at/],
    [
      'a strange key',
      withHeader("{'descr': '<f4', 'fortran_order': False, 'shape': (), 'a': True}"),
      /keys other than/,
    ],
    [
      'a negative shape',
      withHeader("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }"),
      /cannot be understood/,
    ],
    [
      'a text order',
      withHeader("{'descr': '<f4', 'fortran_order': 'no', 'shape': (1,), }"),
      /its fortran_order is/,
    ],
    [
      'commas for a shape',
      withHeader("{'descr': '<f4', 'fortran_order': False, 'shape': (1 2), }"),
      /instead of a tuple|understood/,
    ],
    [
      'more than any file holds',
      withHeader("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999, 99999999, 9), }"),
      /more elements than any file/,
    ],
  ])('%s', (_, bytes, message) => {
    const error = failure(() => decodeNpy(bytes, { name: 'The field volume' }));
    expect(error.code).toBe('em-io/damaged');
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^The field volume is not a readable npy file/);
  });

  test.each([
    ['object.npy', /Python pickles, which are never loaded/],
    ['structured.npy', /convert it to bool/],
    ['complex64.npy', /numpy dtype "'<c8'"/],
    ['text.npy', /convert it to bool/],
    ['float16.npy', /astype\("float32"\)/],
  ])('the dtype of %s', async (name, message) => {
    const bytes = await load(name);
    const error = failure(() => decodeNpy(bytes));
    expect(error.code).toBe('em-io/dtype-unsupported');
    expect(error.message).toMatch(message);
  });

  test('too few and too many bytes, with both numbers', async () => {
    const [short, long] = [await load('truncated.npy'), await load('trailing.npy')];
    expect(failure(() => decodeNpy(short, { name: 'a.npy' }))).toMatchObject({
      code: 'em-io/truncated',
      message:
        'a.npy is truncated: its header promises uint16 (4, 5, 6), 368 bytes in all, but there are 361; copy or send it again.',
    });
    expect(failure(() => decodeNpy(long))).toMatchObject({ code: 'em-io/length-mismatch' });
  });

  test('a hostile header allocates nothing', () => {
    const bytes = withHeader(
      "{'descr': '<f8', 'fortran_order': True, 'shape': (100000, 100000, 10000), }",
      64,
    );
    expect(failure(() => decodeNpy(bytes)).code).toBe('em-io/truncated');
  });

  test('a hostile header is refused at once: time grows with its length, not with the square of it', () => {
    const shape = `(1${' '.repeat(60_000)}L)`;
    const bytes = withHeader(`{'descr': '|u1', 'fortran_order': False, 'shape': ${shape}, }`);
    const start = performance.now();
    expect(failure(() => decodeNpy(bytes)).message).toMatch(/instead of a tuple of integers/);
    expect(performance.now() - start).toBeLessThan(500);
  });

  test('more than the limit', async () => {
    const bytes = await load('uint16.npy');
    const error = failure(() => decodeNpy(bytes, { name: 'The body', maxBytes: 239 }));
    expect(error).toMatchObject({
      code: 'em-io/too-large',
      message: 'The body holds 240 bytes of elements, more than the limit of 239; send a smaller volume.',
    });
    expect(decodeNpy(bytes, { maxBytes: 240 }).shape).toEqual([4, 5, 6]);
  });
});

test('arbitrary bytes never crash the reader', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 80 }), fc.nat(3), (text, version) => {
      const ascii = text.replace(/[^\x20-\x7e]/g, '?');
      try {
        decodeNpy(withHeader(ascii, 8, version));
      } catch (error) {
        expect(isEmIoError(error)).toBe(true);
      }
    }),
  );
});

import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as zarr from 'zarrita';
import { createVolume } from './create.ts';
import { wholeBox, type Vec3 } from './geometry.ts';
import { fixture, pattern, temporaryDirectory } from './testing.ts';
import { isEmIoError, isZarrMetadataKey, readZarrLayout, type ZarrLayout } from './zarr-layout.ts';

const v3 = (fields: object = {}) => ({
  zarr_format: 3,
  node_type: 'array',
  shape: [4, 5, 6],
  data_type: 'uint8',
  chunk_grid: { name: 'regular', configuration: { chunk_shape: [2, 5, 4] } },
  chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
  codecs: [{ name: 'bytes' }],
  fill_value: 0,
  ...fields,
});
const v2 = (fields: object = {}) => ({
  zarr_format: 2,
  shape: [4, 5, 6],
  chunks: [2, 5, 4],
  dtype: '<u2',
  compressor: null,
  fill_value: 0,
  order: 'C',
  filters: null,
  ...fields,
});
const layoutOf = (documents: Record<string, unknown>) => readZarrLayout(new Map(Object.entries(documents)));
const keysOf = (layout: { keys(): Generator<string> }) => [...layout.keys()];

test('the public surface is this and nothing else', async () => {
  expect(Object.keys(await import('./zarr-layout.ts')).sort()).toEqual([
    'EmIoError',
    'isEmIoError',
    'isZarrMetadataKey',
    'readZarrLayout',
  ]);
});

test('neither Node nor a package is imported, directly or by what is imported', async () => {
  const seen = new Set<string>();
  const visit = async (path: string) => {
    if (seen.has(path)) return;
    seen.add(path);
    const text = await readFile(path, 'utf8');
    expect(text, path).not.toMatch(/\b(Buffer|process|require)\b[.(]/);
    for (const [, type, from] of text.matchAll(
      /^(?:import|export)( type)?\s[^;]*?from '([^']+)'|import\('/gm,
    )) {
      if (type) continue;
      expect(from, path).toMatch(/^\.{1,2}\//);
      await visit(join(dirname(path), from));
    }
  };
  await visit(fileURLToPath(new URL('./zarr-layout.ts', import.meta.url)));
  expect([...seen].map((path) => path.split('/src/')[1]).sort()).toEqual([
    'dtype.ts',
    'errors.ts',
    'zarr-layout.ts',
    'zarr-layout/grid.ts',
    'zarr-layout/metadata.ts',
  ]);
});

describe('the fixtures that zarr-python wrote have the keys that the layout says', () => {
  const absent: Record<string, number> = { 'sparse.zarr': 3, 'v2-no-fill.zarr': 3 };
  test.each(['zstd', 'sharded', 'channels', 'ome', 'two-arrays', 'v2', 'v2-fortran', 'sparse', 'v2-no-fill'])(
    '%s',
    async (name) => {
      const root = fixture(`zarr/${name}.zarr`);
      const files = (await readdir(root, { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
      const documents = files.filter(isZarrMetadataKey);
      const layout = layoutOf(
        Object.fromEntries(
          await Promise.all(
            documents.map(async (key) => [key, JSON.parse(await readFile(join(root, key), 'utf8'))]),
          ),
        ),
      );
      const chunks = files.filter((key) => !isZarrMetadataKey(key));
      const missing = absent[`${name}.zarr`] ?? 0;
      expect(chunks.filter((key) => !layout.hasKey(key))).toEqual([]);
      expect(layout.keyCount).toBe(chunks.length + missing);
      if (missing === 0) expect(keysOf(layout).sort()).toEqual(chunks.sort());
    },
  );
});

const lengths = fc.array(
  fc.record({ length: fc.integer({ min: 0, max: 9 }), chunk: fc.integer({ min: 1, max: 11 }) }),
  {
    maxLength: 4,
  },
);

/** Chunk keys that zarrita asks for when every element is read. */
async function keysRead(documents: Record<string, unknown>, path: string): Promise<string[]> {
  const read = new Set<string>();
  const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const array = await zarr.open(
    new zarr.Location(
      {
        async get(key: string) {
          const document = documents[key.slice(1)];
          if (document === undefined) read.add(key.slice(1));
          return document === undefined ? undefined : encode(document);
        },
      },
      `/${path}`,
    ),
    { kind: 'array' },
  );
  read.clear();
  await (array.shape.length === 0 ? array.getChunk([]) : zarr.get(array));
  return [...read];
}

test('keys, hasKey and keyCount agree with each other and with the keys that zarrita reads', async () => {
  await fc.assert(
    fc.asyncProperty(
      lengths,
      fc.constantFrom('.', '/'),
      fc.constantFrom('default', 'v2', 'zarray'),
      fc.constantFrom('', 'raw', 'volumes/raw'),
      async (axes, separator, kind, path) => {
        const shape = axes.map(({ length }) => length);
        const chunks = axes.map(({ chunk }) => chunk);
        const prefix = path === '' ? '' : `${path}/`;
        const documents =
          kind === 'zarray'
            ? { [`${prefix}.zarray`]: v2({ shape, chunks, dimension_separator: separator }) }
            : {
                [`${prefix}zarr.json`]: v3({
                  shape,
                  chunk_grid: { name: 'regular', configuration: { chunk_shape: chunks } },
                  chunk_key_encoding: { name: kind, configuration: { separator } },
                }),
              };
        const layout = layoutOf(documents);
        const keys = keysOf(layout);
        expect(keys).toHaveLength(layout.keyCount);
        expect(new Set(keys).size).toBe(keys.length);
        expect(keys.every((key) => layout.hasKey(key) && layout.arrayOf(key)?.path === path)).toBe(true);
        // zarrita 0.7.5 refuses to read an empty array
        if (!shape.includes(0)) expect((await keysRead(documents, path)).sort()).toEqual([...keys].sort());
      },
    ),
    { numRuns: 200 },
  );
});

test('what is written here has exactly the keys that the layout says', async () => {
  await using directory = await temporaryDirectory();
  let run = 0;
  const side = fc.integer({ min: 1, max: 7 });
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(side, side, side),
      fc.tuple(side, side, side),
      async (shape: Vec3, chunkShape: Vec3) => {
        const root = directory.join(`${run++}.zarr`);
        const writer = await createVolume(root, { shape, chunkShape, dtype: 'uint8' });
        await writer.write(wholeBox(shape), pattern(shape, 'uint8'));
        await writer.close();
        const layout = layoutOf({ 'zarr.json': JSON.parse(await readFile(join(root, 'zarr.json'), 'utf8')) });
        const files = (await readdir(root, { recursive: true })).filter((name) => layout.hasKey(name));
        expect(files.sort()).toEqual(keysOf(layout).sort());
        const leaves = (await readdir(root, { recursive: true, withFileTypes: true })).filter((entry) =>
          entry.isFile(),
        );
        expect(leaves).toHaveLength(layout.keyCount + 1);
      },
    ),
    { numRuns: 30 },
  );
});

test('near misses of a key are no keys', () => {
  const layout = layoutOf({ 'raw/zarr.json': v3() });
  expect(layout.hasKey('raw/c/1/0/1')).toBe(true);
  for (const key of [
    ...['raw/c/2/0/1', 'raw/c/1/0', 'raw/c/1/0/1/', 'raw/c/01/0/1', 'raw/c/+1/0/1', 'raw/c/1/0/1.partial'],
    ...[
      'c/1/0/1',
      '/raw/c/1/0/1',
      'raw/c.1.0.1',
      'raw/d/1/0/1',
      'raw/c/-0/0/1',
      'raw/c/1e0/0/1',
      'raw/c',
      'raw',
      '',
    ],
    ...['raw/zarr.json', 'raw/c/0/0/1 ', 'raw/c/0/0/99999999999999999999', 'raw/../raw/c/0/0/0'],
  ]) {
    expect([key, layout.hasKey(key)]).toEqual([key, false]);
  }
});

test.each<[string, Record<string, unknown>, string[]]>([
  [
    'a scalar',
    { 'zarr.json': v3({ shape: [], chunk_grid: { name: 'regular', configuration: { chunk_shape: [] } } }) },
    ['c'],
  ],
  ['a scalar of v2', { 'a/.zarray': v2({ shape: [], chunks: [] }) }, ['a/0']],
  [
    'a scalar of v3 with keys as v2',
    {
      'zarr.json': v3({
        shape: [],
        chunk_grid: { name: 'regular', configuration: { chunk_shape: [] } },
        chunk_key_encoding: { name: 'v2' },
      }),
    },
    ['0'],
  ],
  ['an empty array', { 'zarr.json': v3({ shape: [4, 0, 6] }) }, []],
  [
    'an empty axis beside a vast one',
    { '.zarray': v2({ shape: [2 ** 50, 0, 2 ** 50], chunks: [1, 1, 1] }) },
    [],
  ],
  [
    'the default separators',
    { 'zarr.json': v3({ shape: [1, 1, 1], chunk_key_encoding: { name: 'default' } }) },
    ['c/0/0/0'],
  ],
  ['those of v2', { '.zarray': v2({ shape: [1, 1, 1] }) }, ['0.0.0']],
  ['names alone', { 'zarr.json': v3({ shape: [1, 1, 1], chunk_key_encoding: 'v2' }) }, ['0.0.0']],
])('%s', (_, documents, keys) => {
  const layout = layoutOf(documents);
  expect(keysOf(layout)).toEqual(keys);
  expect(layout.keyCount).toBe(keys.length);
  expect(keys.every((key) => layout.hasKey(key))).toBe(true);
  expect(layout.hasKey('c/0/0/0')).toBe(keys.includes('c/0/0/0'));
});

test('arrays are listed by path, with what they hold; groups, attributes and other documents are passed over', () => {
  const layout: ZarrLayout = layoutOf({
    'zarr.json': { zarr_format: 3, node_type: 'group' },
    'b/zarr.json': v3({ data_type: { name: 'numpy.datetime64', configuration: { unit: 's' } } }),
    'a/.zarray': v2({ dtype: '>f4' }),
    'a/.zattrs': { resolution: [1, 1, 1] },
    'c/.zarray': v2({ dtype: [['x', '<u2']] }),
    'd/.zarray': v2({ dtype: '<U4' }),
    'both/zarr.json': v3(),
    'both/.zarray': v2({ shape: [1, 1, 1] }),
    '.zgroup': { zarr_format: 2 },
    'notes.json': 'anything',
  });
  expect(layout.arrays.map(({ path, dtype, zarrFormat }) => [path, dtype, zarrFormat])).toEqual([
    ['a', 'float32', 2],
    ['b', 'numpy.datetime64', 3],
    ['both', 'uint8', 3],
    ['c', '[["x","<u2"]]', 2],
    ['d', '<U4', 2],
  ]);
  expect(layout.keyCount).toBe(5 * 4);
  expect(layout.arrayOf('b/c/0/0/0')).toMatchObject({
    path: 'b',
    shape: [4, 5, 6],
    chunkShape: [2, 5, 4],
    keyCount: 4,
  });
  expect(layout.arrayOf('nobody/c/0/0/0')).toBeUndefined();
});

const grid = (chunk_shape: unknown) => ({ chunk_grid: { name: 'regular', configuration: { chunk_shape } } });

test.each<[string, Record<string, unknown>, string, RegExp]>([
  ['null', { 'zarr.json': null }, 'em-io/damaged', /zarr\.json is not a JSON object/],
  ['a list', { 'a/zarr.json': [] }, 'em-io/damaged', /a\/zarr\.json is not a JSON object/],
  ['another version', { 'zarr.json': v3({ zarr_format: 4 }) }, 'em-io/damaged', /zarr_format 4 instead of 3/],
  ['another kind of node', { 'zarr.json': v3({ node_type: 'x' }) }, 'em-io/damaged', /node_type "x"/],
  ['a negative shape', { 'zarr.json': v3({ shape: [4, -5, 6] }) }, 'em-io/damaged', /shape \[4,-5,6\]/],
  ['half a voxel', { 'zarr.json': v3({ shape: [4, 5.5, 6] }) }, 'em-io/damaged', /shape/],
  ['text', { '.zarray': v2({ shape: ['4', 5, 6] }) }, 'em-io/damaged', /shape \["4",5,6\]/],
  ['an unsafe integer', { '.zarray': v2({ shape: [2 ** 60, 5, 6] }) }, 'em-io/damaged', /shape/],
  ['chunks of nothing', { 'zarr.json': v3(grid([0, 1, 1])) }, 'em-io/damaged', /chunk_shape \[0,1,1\]/],
  [
    'chunks of another rank',
    { '.zarray': v2({ chunks: [1, 1] }) },
    'em-io/damaged',
    /chunks \[1,1\] instead of 3/,
  ],
  ['no chunks', { '.zarray': v2({ chunks: null }) }, 'em-io/damaged', /chunks null/],
  [
    'too many axes',
    { '.zarray': v2({ shape: Array(33).fill(1), chunks: Array(33).fill(1) }) },
    'em-io/damaged',
    /at most 32/,
  ],
  [
    'an irregular grid',
    { 'zarr.json': v3({ chunk_grid: { name: 'rectilinear' } }) },
    'em-io/damaged',
    /rectilinear/,
  ],
  ['no grid', { 'zarr.json': v3({ chunk_grid: undefined }) }, 'em-io/damaged', /no chunk_grid/],
  [
    'unknown keys',
    { 'zarr.json': v3({ chunk_key_encoding: { name: 'suffix' } }) },
    'em-io/damaged',
    /suffix/,
  ],
  [
    'an odd separator',
    { 'zarr.json': v3({ chunk_key_encoding: { name: 'default', configuration: { separator: '..' } } }) },
    'em-io/damaged',
    /separator "\.\."/,
  ],
  [
    'renamed chunks',
    { 'zarr.json': v3({ storage_transformers: [{ name: 'x' }] }) },
    'em-io/damaged',
    /storage_transformers/,
  ],
  ['no dtype', { '.zarray': v2({ dtype: 7 }) }, 'em-io/damaged', /dtype 7/],
  [
    'a vast array',
    { 'zarr.json': v3({ shape: [2 ** 50, 5, 6] }) },
    'em-io/too-large',
    /more than the limit of 1099511627776/,
  ],
  [
    'many large arrays',
    Object.fromEntries(
      ['a', 'b', 'c'].map((name) => [`${name}/.zarray`, v2({ shape: [2 ** 39, 1, 1], chunks: [1, 1, 1] })]),
    ),
    'em-io/too-large',
    /together/,
  ],
  ['a way out', { '../zarr.json': v3() }, 'em-io/damaged', /"\.\.\/zarr\.json" is no path below a root/],
  ['an absolute key', { '/zarr.json': v3() }, 'em-io/damaged', /no path/],
  [
    'an array in an array',
    { 'zarr.json': v3(), 'c/zarr.json': v3() },
    'em-io/damaged',
    /\/c lies inside the array \//,
  ],
])('%s is refused in one sentence', (_, documents, code, message) => {
  try {
    layoutOf(documents);
  } catch (error) {
    expect(isEmIoError(error)).toBe(true);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    return;
  }
  throw new Error('expected a refusal');
});

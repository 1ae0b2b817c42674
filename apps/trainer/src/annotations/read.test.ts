import { once } from 'node:events';
import { copyFile, cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isCommandError } from '../errors.ts';
import { temporaryDirectory } from '../testing.fixture.ts';
import { newAnnotations, readManifest } from './read.ts';
import type { WrittenEntry } from './schema.ts';
import { arrayOf, entryOf, noise, shape, store, storePair, writeManifest } from './volumes.fixture.ts';

let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
let train: WrittenEntry;
let heldOut: WrittenEntry;

beforeEach(async () => {
  folder = await temporaryDirectory();
  await storePair(folder.path, 'a');
  const pair = { raw: 'a.npy', labels: 'a-labels.npy' };
  train = await entryOf(folder.path, { ...pair, box: ':3,:,:', split: 'train' });
  heldOut = await entryOf(folder.path, { ...pair, box: '3:,:,:', split: 'held-out' });
});
afterEach(() => folder.remove());

const manifest = (...entries: unknown[]) => writeManifest(folder.path, entries);

/** The sentence that refuses the manifest, its folder left out. */
async function refusal(...entries: unknown[]): Promise<string> {
  const file = await manifest(...entries);
  const error: unknown = await readManifest(file).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(isCommandError(error, 'trainer/manifest')).toBe(true);
  const { message, exitCode } = error as { message: string; exitCode: number }; // as just checked
  expect(exitCode).toBe(2);
  return message.replaceAll(`${folder.path}/`, '');
}

describe('a manifest', () => {
  it('is read with its boxes resolved and its locations usable from anywhere', async () => {
    const { entries } = await readManifest(await manifest(train, heldOut));
    expect(entries).toMatchObject([
      { number: 1, split: 'train', raw: folder.join('a.npy'), box: { start: [0, 0, 0], stop: [3, 7, 8] } },
      {
        number: 2,
        split: 'held-out',
        labels: folder.join('a-labels.npy'),
        box: { start: [3, 0, 0], stop: shape },
      },
    ]);
    expect(entries[0]!.sha256).toBe(train.sha256);
  });

  it('tells which entries are new, by keys that survive another order and another spelling of the box', async () => {
    const { entries: before } = await readManifest(await manifest(train, heldOut));
    const again = await readManifest(await manifest(heldOut, { ...train, box: '0:3,:7,0:' }));
    expect(new Set(again.entries.map(({ key }) => key))).toEqual(new Set(before.map(({ key }) => key)));
    expect(newAnnotations(again, new Set(before.map(({ key }) => key)))).toEqual([]);
    expect(newAnnotations(again, new Set([before[0]!.key])).map(({ number }) => number)).toEqual([1]);
    expect(newAnnotations(again, new Set())).toHaveLength(2);
  });

  it('tells how far its checksums are', async () => {
    const told: { done: number; total: number }[] = [];
    await readManifest(await manifest(train, heldOut), { progress: (line) => told.push(line) });
    expect(told.at(-1)).toMatchObject({ stage: 'checksums', done: 336, total: 336, detail: 'entry 2/2' });
  });

  it('is given up when it is aborted', async () => {
    const stop = new AbortController();
    const file = await manifest(train, heldOut);
    const reason = new Error('enough');
    await expect(
      readManifest(file, { signal: stop.signal, progress: () => stop.abort(reason) }),
    ).rejects.toBe(reason);
  });
});

describe('refused, with the entry, the value and the remedy, is', () => {
  it('a manifest that is not there, or a directory', async () => {
    await expect(readManifest(folder.join('none.json'))).rejects.toThrow(
      `${folder.join('none.json')} does not exist; check the path of the manifest, or begin one with \`npx tokenunify annotate\`.`,
    );
    await expect(readManifest(folder.path)).rejects.toThrow(
      'cannot be read (EISDIR); check that the manifest is a file',
    );
  });

  it('what is no JSON, with the line', async () => {
    await writeFile(folder.join('annotations.json'), `[\n${JSON.stringify(train)},\n]\n`);
    await expect(readManifest(folder.join('annotations.json'))).rejects.toThrow(
      "line 3 cannot be read at ']'; mend it",
    );
  });

  it('what is no array', async () => {
    await writeFile(folder.join('annotations.json'), JSON.stringify(train));
    await expect(readManifest(folder.join('annotations.json'))).rejects.toThrow(
      'but holds one object; put [ ] around it.',
    );
  });

  const spoilt: readonly (readonly [string, Record<string, unknown> | string, string])[] = [
    [
      'no object',
      'a.npy',
      'Entry 1 of annotations.json is "a.npy", but must be an object with raw, labels, box, sha256, split.',
    ],
    [
      'an unknown key',
      { label: 'x' },
      "has the unknown key 'label'; keys are raw, labels, box, sha256, split, so correct or remove it.",
    ],
    [
      'labels without raw',
      { raw: undefined },
      'Entry 1 of annotations.json has labels "a-labels.npy" without raw; add raw, the volume that they label.',
    ],
    [
      'raw without labels',
      { labels: undefined },
      'Entry 1 (a.npy) of annotations.json has raw without labels; add labels, the neuron ids of the same voxels.',
    ],
    ['an entry without box', { box: undefined }, "has no box; write three ranges, as '0:64,0:128,0:128'."],
    [
      'an entry without checksum',
      { sha256: undefined },
      'has no sha256; write 64 lower-case hex digits, or let `npx tokenunify annotate` add the entry.',
    ],
    ['a checksum that is none', { sha256: 'ABC' }, 'has sha256 "ABC"; write 64 lower-case hex digits'],
    ['another split', { split: 'test' }, "has split \"test\"; write 'train' or 'held-out'."],
    ['a location that is no text', { raw: 7 }, 'has raw 7; name the volume that was labelled.'],
    [
      'a raw volume that is missing',
      { raw: 'gone.npy' },
      'Entry 1 (gone.npy) of annotations.json cannot be used: gone.npy does not exist; check the path.',
    ],
    [
      'labels that are missing',
      { labels: 'gone.npy' },
      'Entry 1 (a.npy) of annotations.json cannot be used: gone.npy does not exist; check the path.',
    ],
    ['a place that cannot be opened', { raw: 's3://bucket/x' }, 's3://bucket/x is a remote location (s3)'],
    [
      'a box outside',
      { box: '0:7,:,:' },
      "Box '0:7,:,:' asks for 0:7 on axis z, the volume has 6; write three ranges",
    ],
    ['an empty box', { box: '2:2,:,:' }, "Box '2:2,:,:' asks for 2:2 on axis z, the volume has 6"],
    ['a box of two ranges', { box: ':,:' }, "Box ':,:' has 2 ranges; write three ranges"],
  ];
  it.each(spoilt)('%s', async (_what, change, sentence) => {
    expect(await refusal(typeof change === 'string' ? change : { ...train, ...change }, heldOut)).toContain(
      sentence,
    );
  });

  it('a raw volume that is not uint8, labels that are no integers, and shapes that differ', async () => {
    const size = 6 * 7 * 8;
    await store(folder.join('raw16.npy'), arrayOf('uint16', shape, noise(size, 1, 999)));
    await store(folder.join('float.npy'), arrayOf('float32', shape, noise(size, 1, 9)));
    await store(folder.join('small.npy'), arrayOf('uint32', [6, 7, 7], noise(6 * 7 * 7, 1, 9)));
    await store(folder.join('large.npy'), arrayOf('uint64', shape, noise(size, 1, 2 ** 40)));
    await store(
      folder.join('negative.npy'),
      arrayOf(
        'int32',
        shape,
        noise(size, 1, 9).map((v) => -v),
      ),
    );
    for (const [change, sentence] of [
      [
        { raw: 'raw16.npy' },
        'raw16.npy has dtype uint16, but raw volumes of annotations are uint8; convert it first.',
      ],
      [
        { labels: 'float.npy' },
        'float.npy has dtype float32, but labels are integers; convert it, e.g. to uint32.',
      ],
      [
        { labels: 'small.npy' },
        'small.npy has shape [6, 7, 7], a.npy has [6, 7, 8]; labels must cover the raw volume voxel by voxel',
      ],
      [{ labels: 'large.npy' }, 'and ids must be between 0 and 4294967295; relabel it.'],
      [{ labels: 'negative.npy' }, 'and ids must be between 0 and 4294967295; relabel it.'],
    ] as const)
      expect(await refusal({ ...train, ...change }, heldOut)).toContain(sentence);
  });

  it('a volume whose voxels or labels were changed, with both checksums', async () => {
    await storePair(folder.path, 'a', 2);
    const now = await entryOf(folder.path, { ...heldOut });
    expect(await refusal(heldOut, train)).toBe(
      `Entry 1 (a.npy) of annotations.json has other voxels than when it was added: expected sha256 ${heldOut.sha256}, found ${now.sha256} in the box 3:6,0:7,0:8; restore a.npy and a-labels.npy, or, if the change is wanted, remove the entry and add it as a new one with \`npx tokenunify annotate\`.`,
    );
  });

  it('a box without any label', async () => {
    await store(folder.join('a-labels.npy'), arrayOf('uint32', shape, new Array<number>(6 * 7 * 8).fill(0)));
    const unlabelled = await entryOf(folder.path, { ...heldOut });
    expect(await refusal(unlabelled, train)).toContain(
      'Entry 1 (a.npy) of annotations.json has no labelled voxel in the box 3:6,0:7,0:8, so there is nothing to learn or to score;',
    );
  });

  it('an entry that is there twice, by place or by content', async () => {
    expect(await refusal(train, heldOut, { ...train, box: '0:3,:,:' })).toContain(
      'Entry 3 (a.npy) of annotations.json is entry 1 again',
    );
    await copyFile(folder.join('a.npy'), folder.join('b.npy'));
    await copyFile(folder.join('a-labels.npy'), folder.join('b-labels.npy'));
    expect(await refusal(train, heldOut, { ...train, raw: 'b.npy', labels: 'b-labels.npy' })).toContain(
      'Entry 3 (b.npy) of annotations.json holds the voxels and labels of entry 1 (a.npy) again; remove one of them.',
    );
  });

  it('a manifest without entries to train on, or without held-out ones', async () => {
    expect(await refusal(train)).toBe(
      'annotations.json has 1 entries and none of them is held-out, so nothing can say which model is better; add one with `npx tokenunify annotate --split held-out`.',
    );
    expect(await refusal(heldOut)).toContain('none of them is train, so there is nothing to train on');
    expect(await refusal()).toContain('has 0 entries and none of them is train');
  });
});

describe('train and held-out boxes that share voxels are refused', () => {
  const both = async (raw: string, labels = 'a-labels.npy', box = '2:,:,:') =>
    refusal(train, await entryOf(folder.path, { raw, labels, box, split: 'held-out' }));

  it('in the same volume, however it is written', async () => {
    await mkdir(folder.join('sub'));
    await symlink(folder.join('a.npy'), folder.join('link.npy'));
    for (const raw of [
      'a.npy',
      './sub/../a.npy',
      folder.join('a.npy'),
      `file://${folder.join('a.npy')}`,
      'link.npy',
    ])
      expect(await both(raw)).toContain(
        'which shares the voxels 2:3,0:7,0:8 with the train box of entry 1 (a.npy)',
      );
  });

  it('in a copy of it, in another format too', async () => {
    const size = 6 * 7 * 8;
    await copyFile(folder.join('a.npy'), folder.join('copy.npy'));
    await store(folder.join('copy.zarr'), arrayOf('uint8', shape, noise(size, 1, 256)), [2, 3, 5]);
    for (const raw of ['copy.npy', 'copy.zarr'])
      expect(await both(raw)).toContain(
        `Entry 2 (${raw}) of annotations.json is held-out and holds the same raw voxels as the train box of entry 1 (a.npy), of which it is a copy`,
      );
  });

  it('in a copy that was cut out, when the boxes are the same voxels', async () => {
    const cut = noise(6 * 7 * 8, 1, 256).slice(0, 3 * 7 * 8);
    await store(folder.join('cut.npy'), arrayOf('uint8', [3, 7, 8], cut));
    await store(folder.join('cut-labels.npy'), arrayOf('uint8', [3, 7, 8], cut));
    expect(await both('cut.npy', 'cut-labels.npy', ':,:,:')).toContain('of which it is a copy');
  });

  it('but not in another volume of the same shape, nor where only a black margin is common', async () => {
    const size = 6 * 7 * 8;
    await storePair(folder.path, 'other', 5);
    const other = await entryOf(folder.path, {
      raw: 'other.npy',
      labels: 'other-labels.npy',
      box: ':,:,:',
      split: 'held-out',
    });
    expect((await readManifest(await manifest(train, other))).entries).toHaveLength(2);
    const black = (seed: number) => noise(size, seed, 256).map((value, at) => (at < 3 * 56 ? 0 : value));
    for (const [name, seed] of [
      ['m', 1],
      ['n', 2],
    ] as const)
      await store(folder.join(`${name}.npy`), arrayOf('uint8', shape, black(seed)));
    const m = await entryOf(folder.path, {
      raw: 'm.npy',
      labels: 'a-labels.npy',
      box: ':4,:,:',
      split: 'train',
    });
    const n = await entryOf(folder.path, {
      raw: 'n.npy',
      labels: 'a-labels.npy',
      box: ':3,:,:',
      split: 'held-out',
    });
    expect((await readManifest(await manifest(m, n))).entries).toHaveLength(2);
  });
});

describe('a manifest of a volume on the web', () => {
  it('is read over HTTP, and one volume under two spellings of its URL is one', async () => {
    const bytes = await readFile(folder.join('a.npy'));
    const server = createServer((request, response) => {
      const [, from, to] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? [];
      const [start, end] = [Number(from ?? 0), Math.min(Number(to ?? bytes.length), bytes.length - 1)];
      response.writeHead(from === undefined ? 200 : 206, {
        etag: '"a"',
        'accept-ranges': 'bytes',
        'content-length': end - start + 1,
        ...(from !== undefined && { 'content-range': `bytes ${start}-${end}/${bytes.length}` }),
      });
      response.end(request.method === 'HEAD' ? undefined : bytes.subarray(start, end + 1));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    try {
      const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const remote = { ...train, raw: `${origin}/em/a.npy?signature=abcdefgh` };
      // what lies on this machine is a copy of it
      const local = await entryOf(folder.path, { ...heldOut, box: '2:,:,:' });
      expect(await refusal(remote, local)).toContain('of which it is a copy');
      const again = { ...heldOut, raw: `${origin}//em/%61.npy`, box: '2:,:,:' };
      expect(await refusal(remote, again)).toMatch(
        /which shares the voxels 2:3,0:7,0:8 with the train box of entry 1/,
      );
      await storePair(folder.path, 'b', 4);
      const b = await entryOf(folder.path, {
        raw: 'b.npy',
        labels: 'b-labels.npy',
        box: ':,:,:',
        split: 'held-out',
      });
      expect((await readManifest(await manifest(remote, b))).entries).toHaveLength(2);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  const url = 'https://user:secret@data.example/em/raw.zarr?signature=abcdefgh';
  const unreachable = async () => Promise.reject(new TypeError('fetch failed'));
  const http = { fetch: unreachable, retries: 0 };

  it('is no wrong manifest when the server does not answer, and shows no secret', async () => {
    const file = await manifest({ ...train, raw: url }, heldOut);
    const error: unknown = await readManifest(file, { http }).catch((thrown: unknown) => thrown);
    expect(isCommandError(error, 'trainer/data')).toBe(true);
    const { message } = error as Error; // as just checked
    expect(message).toContain('Entry 1 (https://data.example/em/raw.zarr) of');
    expect(message).not.toMatch(/secret|abcdefgh/);
  });
});

it('a manifest goes with its folder', async () => {
  const file = await manifest(train, heldOut);
  const { entries: before } = await readManifest(file);
  const elsewhere = await temporaryDirectory();
  try {
    await cp(folder.path, elsewhere.path, { recursive: true });
    await rm(file);
    const { entries } = await readManifest(elsewhere.join('annotations.json'));
    expect(entries.map(({ key }) => key)).toEqual(before.map(({ key }) => key));
  } finally {
    await elsewhere.remove();
  }
});

import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { wholeBox, type Box } from '../geometry.ts';
import { openVolume, type OpenOptions } from '../open.ts';
import { testServer, type TestServer } from '../testing-server.ts';
import { cutOut, fixture, fixtureShape, pattern } from '../testing.ts';

const box = { start: [1, 0, 2], stop: [4, 3, 5] } as const;

/** Retries without waiting. */
const fast: OpenOptions = { sleep: async () => {} };

let server: TestServer;
beforeEach(async () => {
  server = await testServer(fixture('.'));
});
afterEach(() => server[Symbol.asyncDispose]());

type Outcome = { volume: object; whole?: unknown; part?: unknown; error?: string };

/** Everything that can be seen of a volume, or of the refusal; places replaced by a word. */
async function outcome(location: string, place: string): Promise<Outcome> {
  const hide = (text: string) => text.replaceAll(location, 'PLACE').replaceAll(place, 'ROOT');
  try {
    await using volume = await openVolume(location, fast);
    const seen = { ...volume, location: hide(volume.location), read: 0, close: 0, [Symbol.asyncDispose]: 0 };
    const read = (of: Box) =>
      volume.read(of).catch((error: Error & { code: string }) => `${error.code}: ${hide(error.message)}`);
    return { volume: seen, whole: await read(wholeBox(volume.shape)), part: await read(box) };
  } catch (error) {
    const { code, message } = error as Error & { code: string };
    return { volume: {}, error: `${code}: ${hide(message)}` };
  }
}

describe('every fixture reads over HTTP as from its directory', () => {
  const names = [
    ...readdirSync(fixture('zarr')).map((name) => `zarr/${name}`),
    ...readdirSync(fixture('npy')).map((name) => `npy/${name}`),
    'zarr/ome.zarr:/s1',
    'zarr/two-arrays.zarr:/here/b',
  ];
  test.each(names)('%s', async (name) => {
    const there = await outcome(`${server.url}/${name}`, server.url);
    const here = await outcome(fixture(name), fixture('.').replace(/\/$/, ''));
    if (name === 'zarr/two-arrays.zarr') {
      expect(there.error).toMatch(/^em-io\/dataset-ambiguous: .* cannot be listed over HTTP; name the array/);
    } else {
      expect(there).toEqual(here);
    }
  });
});

test('without Range support everything is read all the same', async () => {
  for (const kind of ['no-range', 'chunked-no-range'] as const) {
    server.fault = () => ({ kind });
    for (const [name, dtype] of [
      ['zarr/sharded.zarr', 'uint64'],
      ['npy/uint16.npy', 'uint16'],
    ] as const) {
      await using volume = await openVolume(`${server.url}/${name}`, fast);
      expect(await volume.read(box)).toEqual(cutOut(pattern(fixtureShape, dtype), box.start, box.stop));
    }
  }
});

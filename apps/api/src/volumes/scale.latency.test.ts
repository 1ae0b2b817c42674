import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { arrayOf, bodyOf, never, serveVolumes, type VolumeServer } from './testing.fixture.ts';

const side = 25; // 15,625 chunks
let server: VolumeServer;
let id: string;
beforeAll(async () => {
  server = await serveVolumes();
  ({ id } = await server.create());
  const path = server.store.pathOf(id);
  for (let z = 0; z < side; z++) {
    for (let y = 0; y < side; y++) {
      const row = join(path, `c/${z}/${y}`);
      mkdirSync(row, { recursive: true });
      for (let x = 0; x < side; x++) writeFileSync(join(row, String(x)), 'a');
    }
  }
  writeFileSync(join(path, 'zarr.json'), arrayOf([side, side, side], [1, 1, 1]));
}, 60_000);
afterAll(() => server.close());

const timed = async <T>(work: () => Promise<T>): Promise<{ ms: number; result: T }> => {
  const start = performance.now();
  const result = await work();
  return { ms: performance.now() - start, result };
};

it('a volume of tens of thousands of chunks is counted once, then polled at no cost, and stays right', async () => {
  const store = server.another(); // the first one knows the volume as empty
  let longest = 0;
  let last = performance.now();
  const beat = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 5);
  const first = await timed(() => store.get(id));
  clearInterval(beat);
  expect(first.result).toMatchObject({ arrays: [{ chunks: side ** 3, chunksOfGrid: side ** 3 }] });
  expect(first.ms).toBeLessThan(10_000);
  expect(longest).toBeLessThan(250); // others are served meanwhile
  await store.put(id, 'c/0/0/0', bodyOf('bb'), { signal: never });
  await store.remove(id, 'c/0/0/1');
  const polls = await timed(async () => {
    for (let i = 0; i < 99; i++) await store.get(id);
    return store.get(id);
  });
  expect(polls.result).toMatchObject({
    bytes: first.result.bytes,
    arrays: [{ chunks: side ** 3 - 1 }],
  });
  expect(polls.ms / 100).toBeLessThan(5);
  const sealing = await timed(() => store.seal(id, {}).catch((error: Error) => error.message));
  expect(sealing.result).toMatch(/^1 of 15625 chunks are missing, the first of them c\/0\/0\/1;/);
  console.log(
    `counted in ${first.ms.toFixed(0)} ms, polled in ${(polls.ms / 100).toFixed(2)} ms, ` +
      `refused to seal in ${sealing.ms.toFixed(0)} ms, longest pause ${longest.toFixed(0)} ms`,
  );
});

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from './index.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** A server that takes requests and never answers. */
const silent = createServer(() => {});
let url = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
});
afterAll(() => silent.closeAllConnections());

describe('an abort', () => {
  it.each([
    ['of a segmentation', (signal: AbortSignal) => createClient(url).segment(new Uint8Array(64), { signal })],
    ['of a call', (signal: AbortSignal) => createClient(url).health({ signal })],
    ['of following', (signal: AbortSignal) => createClient(url).follow('seg_1', { signal }).next()],
  ])('%s is heard, also after a garbage collection', async (_, call) => {
    const controller = new AbortController();
    const calling = call(controller.signal).then(
      () => 'answered',
      (error: unknown) => error,
    );
    for (let i = 0; i < 5; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      collectGarbage();
    }
    const reason = new Error('enough');
    controller.abort(reason);
    const late = new Promise((resolve) => setTimeout(resolve, 2000, 'not heard'));
    expect(await Promise.race([calling, late])).toBe(reason);
  });
});

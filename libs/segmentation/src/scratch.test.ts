import { expect, it } from 'vitest';
import { Scratch } from './scratch.ts';

it('gives the same memory again after a scope, and more of it where more is needed', () => {
  const scratch = new Scratch();
  const take = (length: number) =>
    scratch.scope(() => [scratch.uint8(length), scratch.float64(length)] as const);
  const [first, second] = take(8);
  expect(first.buffer).not.toBe(second.buffer);
  expect(take(4)[1].buffer).toBe(second.buffer);
  expect(take(4)[1]).toHaveLength(4);
  expect(take(16)[0]).toHaveLength(16);
});

it('is lent to one at a time: who comes meanwhile gets memory of its own', async () => {
  const scratch = new Scratch();
  const work = async (own: Scratch) => {
    const values = own.uint32(4).fill(1);
    await new Promise(setImmediate);
    return values;
  };
  const [a, b] = await Promise.all([scratch.lend(work), scratch.lend(work)]);
  expect(a.buffer).not.toBe(b.buffer);
  expect((await scratch.lend(work)).buffer).toBe(a.buffer);
  await expect(scratch.lend(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect((await scratch.lend(work)).buffer).toBe(a.buffer);
});

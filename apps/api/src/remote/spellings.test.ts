import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { guard, problemOf } from './remote.fixture.ts';

describe('a guarded fetch', () => {
  it('refuses private IPv4 however it is written', async () => {
    const octet = fc.nat(255);
    const address = fc.oneof(
      fc.tuple(fc.constant(10), octet, octet, octet),
      fc.tuple(fc.constant(127), octet, octet, octet),
      fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
      fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
      fc.tuple(fc.constant(169), fc.constant(254), octet, octet),
      fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), octet, octet),
    );
    const number = fc.constantFrom(
      (n: number) => String(n),
      (n: number) => `0x${n.toString(16)}`,
      (n: number) => `0X${n.toString(16).toUpperCase()}`,
      (n: number) => `0${n.toString(8)}`,
      (n: number) => `000${n.toString(8)}`,
    );
    const spelling = fc.constantFrom<(bytes: number[], as: (n: number) => string) => string>(
      (b, as) => b.map(as).join('.'),
      ([a, b, c, d], as) => `${as(a!)}.${as(b!)}.${as(c! * 256 + d!)}`,
      ([a, b, c, d], as) => `${as(a!)}.${as(b! * 65536 + c! * 256 + d!)}`,
      ([a, b, c, d], as) => as(a! * 2 ** 24 + b! * 65536 + c! * 256 + d!),
      (b, as) => `${b.map(as).join('.')}.`,
      (b) =>
        b
          .map((n) => [...String(n)].map((digit) => String.fromCodePoint(0xff10 + Number(digit))).join(''))
          .join('。'),
      (b) => [...b.join('.')].map((char) => `%${char.charCodeAt(0).toString(16)}`).join(''),
      (b) => `[::ffff:${b.join('.')}]`,
      ([a, b, c, d]) => `[::ffff:${(a! * 256 + b!).toString(16)}:${(c! * 256 + d!).toString(16)}]`,
      (b) => `[0:0:0:0:0:FFFF:${b.join('.')}]`,
      (b) => `[::${b.join('.')}]`,
      (b) => `[64:ff9b::${b.join('.')}]`,
      ([a, b, c, d]) => `[2002:${(a! * 256 + b!).toString(16)}:${(c! * 256 + d!).toString(16)}::1]`,
    );
    const guarded = guard({ resolve: () => Promise.reject(new Error('no name should be resolved')) });
    await fc.assert(
      fc.asyncProperty(address, number, spelling, async (bytes, as, spell) => {
        const problem = await problemOf(guarded(`http://${spell([...bytes], as)}/`));
        expect(problem.code).toBe('url-not-allowed');
      }),
      { numRuns: 500 },
    );
  });

  it('refuses private IPv6 however it is written', async () => {
    const group = fc.nat(0xffff);
    const first = fc.oneof(
      fc.integer({ min: 0xfc00, max: 0xffff }), // unique-local, link-local, multicast
      fc.integer({ min: 0, max: 0x1fff }),
      fc.constant(0x2002),
    );
    const guarded = guard();
    await fc.assert(
      fc.asyncProperty(
        first,
        fc.array(group, { minLength: 7, maxLength: 7 }),
        fc.boolean(),
        async (a, rest, upper) => {
          const text = [a, ...rest].map((n) => n.toString(16)).join(':');
          const problem = await problemOf(guarded(`http://[${upper ? text.toUpperCase() : text}]/`));
          expect(problem.code).toBe('url-not-allowed');
        },
      ),
      { numRuns: 300 },
    );
  });
});

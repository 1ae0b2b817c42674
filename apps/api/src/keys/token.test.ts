import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bearerOf, hashSecret, newToken, parseToken } from './token.ts';

const random = () => newToken((bytes) => crypto.getRandomValues(bytes));

describe('tokens of API keys', () => {
  it('have an id of 12 characters and a secret of 256 bits, all safe in a URL and a header', () => {
    const { id, secret, token } = random();
    expect(token).toMatch(/^tu_[0-9a-z]{12}_[\w-]{43}$/);
    expect(token).toBe(`tu_${id}_${secret}`);
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
  });

  it('use every byte of chance: a changed one changes the token', () => {
    fc.assert(
      fc.property(fc.nat(31), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const fill = (flip: number) => (bytes: Uint8Array<ArrayBuffer>) => {
          bytes.forEach((_, i) => (bytes[i] = i * 7));
          if (bytes.length === 32) bytes[at]! ^= flip;
          return bytes;
        };
        expect(newToken(fill(change)).secret).not.toBe(newToken(fill(0)).secret);
      }),
    );
  });

  it('are read back, whatever dashes and underscores the secret has', () => {
    for (let i = 0; i < 200; i++) {
      const { id, secret, token } = random();
      expect(parseToken(token)).toEqual({ id, secret });
    }
    expect(parseToken(`tu_${'a'.repeat(12)}_${'_'.repeat(43)}`)).toEqual({
      id: 'a'.repeat(12),
      secret: '_'.repeat(43),
    });
  });

  it.each([
    '',
    'tu_',
    `tu_${'a'.repeat(12)}_${'b'.repeat(42)}`,
    `tu_${'a'.repeat(12)}_${'b'.repeat(44)}`,
    `tu_${'a'.repeat(11)}_${'b'.repeat(43)}`,
    `TU_${'a'.repeat(12)}_${'b'.repeat(43)}`,
    `tu_${'a'.repeat(12)}_${'b'.repeat(42)}=`,
    `tu_${'a'.repeat(12)}_${'b'.repeat(43)}\n`,
    ` tu_${'a'.repeat(12)}_${'b'.repeat(43)}`,
  ])('are nothing else: %j', (text) => expect(parseToken(text)).toBeUndefined());

  it('are hashed with SHA-256', async () => {
    expect(await hashSecret('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it.each([
    ['Bearer x', 'x'],
    ['bearer   x ', 'x'],
    ['Basic x', undefined],
    ['Bearer', undefined],
    ['Bearer a b', undefined],
    ['Bearerx', undefined],
  ])('come as %j', (authorization, token) => {
    expect(bearerOf(new Headers({ authorization }))).toBe(token);
    expect(bearerOf(new Headers())).toBeUndefined();
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isCommandError } from '../errors.ts';
import { parseBox } from './box.ts';

const shape = [250, 190, 200] as const;
const refusal = (text: string): string => {
  try {
    parseBox(text, shape);
  } catch (error) {
    if (isCommandError(error, 'trainer/usage')) return error.message;
  }
  return 'accepted';
};

describe('a box on the command line', () => {
  it('leaves out what it does not limit', () => {
    expect(parseBox(':,:118,:', shape)).toEqual({ start: [0, 0, 0], stop: [250, 118, 200] });
    expect(parseBox('10:,158:190, :64', shape)).toEqual({ start: [10, 158, 0], stop: [250, 190, 64] });
  });

  it('is read back as it was written, whatever it is inside the volume', () => {
    const range = (side: number) =>
      fc
        .tuple(fc.nat(side - 1), fc.nat(side - 1))
        .map(([a, b]) => [Math.min(a, b), Math.max(a, b) + 1] as const);
    fc.assert(
      fc.property(range(250), range(190), range(200), (...ranges) => {
        const text = ranges.map(([start, stop]) => `${start}:${stop}`).join(',');
        expect(parseBox(text, shape)).toEqual({
          start: ranges.map(([start]) => start),
          stop: ranges.map(([, stop]) => stop),
        });
      }),
    );
  });

  it.each([
    [':,:', "Box ':,:' has 2 ranges; write three ranges as ':,0:118,:' (z,y,x, stop excluded)."],
    ['', "Box '' has 1 ranges; write three ranges as ':,0:118,:' (z,y,x, stop excluded)."],
    [
      ':,5,:',
      "Box ':,5,:' has '5', which is no range; write three ranges as ':,0:118,:' (z,y,x, stop excluded).",
    ],
    [
      ':,-3:9,:',
      "Box ':,-3:9,:' has '-3:9', which is no range; write three ranges as ':,0:118,:' (z,y,x, stop excluded).",
    ],
    [
      ':,:191,:',
      "Box ':,:191,:' asks for 0:191 on axis y, the volume has 190; write three ranges as ':,0:118,:' (z,y,x, stop excluded).",
    ],
    [
      ':,:,7:7',
      "Box ':,:,7:7' asks for 7:7 on axis x, the volume has 200; write three ranges as ':,0:118,:' (z,y,x, stop excluded).",
    ],
  ])('is refused when it is %j', (text, message) => expect(refusal(text)).toBe(message));
});

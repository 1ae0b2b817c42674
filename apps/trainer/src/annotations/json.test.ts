import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lineOfJsonError, parseJson } from './json.ts';

const cases: readonly (readonly [string, string, number])[] = [
  ['a comma too many', '[\n  {"raw": "a"},\n]', 3],
  ['a comma that is missing', '[\n{"raw": "a"\n"labels": "b"}]', 3],
  ['a comma behind the last key', '[{"raw": "a",\n}]', 2],
  ['single quotes', "[\n\n{'raw': 1}]", 3],
  ['a name without quotes', '[{\nraw: 1}]', 2],
  ['a comment', '[\n// mine\n]', 2],
  ['a string that does not end', '["a\n"]', 1],
  ['an end that comes too early', '[\n{"raw": "a"},\n', 3],
  ['something behind the end', '[]\n[]', 2],
  ['a number that is none', '[\n01]', 2],
  ['an empty file', '', 1],
  ['a wrong bracket', '[\n{"a": [1, 2}\n]', 2],
];

describe('the line of what is no JSON', () => {
  it.each(cases)('is found for %s', (_what, text, line) => {
    expect(() => JSON.parse(text)).toThrow();
    expect(lineOfJsonError(text)).toBe(line);
    expect(() => parseJson(text, 'annotations.json')).toThrow(
      new RegExp(`^annotations.json is not JSON: line ${line} .*; mend it`),
    );
  });

  it('is never before what JSON.parse takes: any JSON is read to its end, cut anywhere or not', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.nat(2), (json, at, indent) => {
        const text = JSON.stringify(JSON.parse(json), undefined, indent);
        expect(parseJson(text, 'f')).toEqual(JSON.parse(text));
        const cut = text.slice(0, at % (text.length + 1));
        expect(lineOfJsonError(cut)).toBeLessThanOrEqual(cut.split('\n').length);
        // a character that no JSON has outside strings is found in its line, or the string that holds it goes on
        const spoilt = `${text}\n#`;
        expect(lineOfJsonError(spoilt)).toBe(spoilt.split('\n').length);
      }),
    );
  });
});

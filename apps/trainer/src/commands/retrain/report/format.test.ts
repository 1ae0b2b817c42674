import { expect, it } from 'vitest';
import {
  count,
  duration,
  fileOf,
  fixed,
  instant,
  percent,
  prose,
  short,
  signed,
  volumeOf,
} from './format.ts';
import { html, trusted } from './html.ts';

it('durations are said as people say them', () => {
  expect([0, 4.24, 9.96, 59.6, 200, 7505].map(duration)).toEqual([
    ...['0.0 s', '4.2 s', '10 s', '1 min 0 s', '3 min 20 s', '2 h 5 min'],
  ]);
});

it('instants are in UTC, and what is none is shown as it is', () => {
  expect(instant('2026-11-24T02:15:59.999Z')).toBe('2026-11-24 02:15 UTC');
  expect(instant('2026-11-24T02:15:00+02:00')).toBe('2026-11-24 00:15 UTC');
  expect(instant('yesterday')).toBe('yesterday');
});

it('numbers have signs, groups and words for what they are not', () => {
  expect([percent(0.0125), percent(-0.2, 1), percent(null)]).toEqual([
    '+1.25 %',
    '\u221220.0 %',
    'cannot be told',
  ]);
  expect([signed(-0.5, 2), signed(0, 2), fixed(null), fixed(1 / 3, 2)]).toEqual([
    ...['\u22120.50', '+0.00', 'undefined', '0.33'],
  ]);
  expect([count(123), count(1234567)]).toEqual(['123', '1\u202f234\u202f567']);
});

it('names are as short as they can be understood', () => {
  expect(fileOf('/a/b/x.h5:/volumes/raw')).toBe('x.h5:/volumes/raw');
  expect(volumeOf('/a/b/x.h5:/volumes/raw')).toBe('x.h5');
  expect(volumeOf('https://host/data/x.zarr')).toBe('x.zarr');
  expect(short(`sha256:${'ab'.repeat(32)}`)).toBe('sha256:abababababab…');
  expect(prose('voi 1 -> 2')).toBe('voi 1 → 2');
});

it('a template escapes what is put into it, but for what a template made', () => {
  const inner = html`<b title="${`"'`}">${'<&>'}</b>`;
  expect(inner.text).toBe('<b title="&quot;&#39;">&lt;&amp;&gt;</b>');
  expect(html`${[inner, undefined, false, 0, ['<']]}${trusted('<i>')}`.text).toBe(`${inner.text}0&lt;<i>`);
  expect(html`${'a\u0000\u202eb\n'}`.text).toBe('a\ufffd\ufffdb\n');
});

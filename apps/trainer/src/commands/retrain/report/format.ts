import type { Box } from '@tokenunify/em-io';

/** `2 h 5 min`, `3 min 20 s`, `4.2 s`. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (h > 0) return `${h} h ${m} min`;
  return m > 0 ? `${m} min ${s} s` : `${s} s`;
}

/** ISO 8601 in UTC -> `2026-11-24 02:15 UTC`: reports of one night read the same everywhere. */
export const instant = (iso: string): string => {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
};

/** `+1.25 %`; a minus that is as wide as a plus. */
export function percent(share: number | null | undefined, digits = 2): string {
  if (share === null || share === undefined) return 'cannot be told';
  return `${sign(share)}${(100 * Math.abs(share)).toFixed(digits)} %`;
}

export const signed = (value: number, digits: number): string =>
  `${sign(value)}${Math.abs(value).toFixed(digits)}`;

const sign = (value: number): string => (value < 0 ? '\u2212' : '+');

export const fixed = (value: number | null | undefined, digits = 4): string =>
  value === null || value === undefined ? 'undefined' : value.toFixed(digits);

/** `1 234 567`, with narrow spaces that do not break. */
export const count = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, '\u202f');

export const sizeOf = ({ start, stop }: Box): string => start.map((from, d) => stop[d]! - from).join(' × ');
export const rangesOf = ({ start, stop }: Box): string =>
  start.map((from, d) => `${from}:${stop[d]}`).join(', ');

/** The last part of a location; the whole one is its title. */
export const fileOf = (location: string): string => location.replace(/^.*\/(?=[^/]+\.)/, '');

/** `sha256:0123456789ab…` */
export const short = (digest: string): string => (digest.length > 22 ? `${digest.slice(0, 19)}…` : digest);

/** Arrows of plain text as one sign, which no line break can divide. */
export const prose = (text: string): string => text.replaceAll(' -> ', ' → ');

/** `fib25.h5:/volumes/raw` -> `fib25.h5`: for where there is little room. */
export const volumeOf = (location: string): string => fileOf(location).replace(/(\.[a-z0-9]+):.*$/i, '$1');

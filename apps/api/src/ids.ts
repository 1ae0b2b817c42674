const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz';

/**
 * An id that sorts by the time it was made: a prefix, ten digits of time, ten of chance (52 bits).
 *
 * @param now milliseconds since 1970
 * @param random in [0, 1)
 * @example newId('vol', Date.now(), Math.random) // vol_00m9x2k41p7f3k2j9d0q
 */
export function newId(prefix: string, now: number, random: () => number): string {
  let time = '';
  for (let rest = now, i = 0; i < 10; i++, rest = Math.floor(rest / 36))
    time = (DIGITS[rest % 36] ?? '') + time;
  let chance = '';
  for (let i = 0; i < 10; i++) chance += DIGITS[Math.floor(random() * 36)];
  return `${prefix}_${time}${chance}`;
}

/** A flag or variable that makes no sense; the message is all that needs to be printed. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** What an option was set to, and how it is called. */
export interface Setting {
  /** `--port (PORT)` */
  readonly label: string;
  readonly text: string;
}

/** @throws ConfigError */
export function wholeNumber({ label, text }: Setting, least: number, most = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value;
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new ConfigError(`${label} is "${text}"; give a whole number ${range}.`);
}

const UNITS = ['', 'K', 'M', 'G', 'T'];

/**
 * Bytes like `512M` or `1.5G`, in powers of 1024.
 *
 * @throws ConfigError
 */
export function bytes({ label, text }: Setting): number {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)(?:([KMGT])(?:iB)?)?$/i.exec(text.trim()) ?? [];
  const value = Math.floor(Number(digits) * 1024 ** UNITS.indexOf(unit.toUpperCase()));
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new ConfigError(`${label} is "${text}"; give bytes, like 512M or 8G (powers of 1024).`);
}

/** As `bytes` reads them, when that is exact. */
export function showBytes(value: number): string {
  const power = UNITS.findLastIndex((_, i) => value % 1024 ** i === 0);
  return `${value / 1024 ** power}${UNITS[power]}`;
}

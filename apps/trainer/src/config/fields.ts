/** Fields of configuration files. A message says what a field must be; `complaintOf` puts name and value before it. */
import { engineNames } from '@tokenunify/model';
import { z } from 'zod';

export const wholeNumber = (least: number, most: number) => {
  const error = `a whole number from ${least} to ${most}`;
  return z.int(error).min(least, error).max(most, error);
};

export const number = (least: number, most: number, error = `a number from ${least} to ${most}`) =>
  z.number(error).min(least, error).max(most, error);

export const positiveNumber = (most: number) => {
  const error = `a number above 0, at most ${most}`;
  return z.number(error).positive(error).max(most, error);
};

export const text = (error: string) => z.string(error).min(1, error);
export const yesOrNo = z.boolean('true or false');

const side = wholeNumber(1, 4096);
export const triple = z.tuple(
  [side, side, side],
  'three sizes [z, y, x], each a whole number from 1 to 4096',
);

const engines = ['auto', ...engineNames] as const;
export const engineField = z.enum(engines, `one of ${engines.join(', ')}`);
export const seed = wholeNumber(0, 2 ** 32 - 1);

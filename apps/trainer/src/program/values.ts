import { InvalidArgumentError } from 'commander';

/** Readers of option values: each takes what was typed and refuses it in words that commander puts behind the option. */

type Triple = readonly [number, number, number];

export function whole(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError('It must be a whole number.');
  return value;
}

/** A number of things of which there must be one: steps, threads, voxels. */
export function count(text: string): number {
  const value = whole(text);
  if (value === 0) throw new InvalidArgumentError('It must be 1 or more.');
  return value;
}

export function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value))
    throw new InvalidArgumentError('It must be a positive number.');
  return value;
}

/** A number from 0 to 1. */
export function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError('It must be a number from 0 to 1.');
  return value;
}

/** `64,64,64` or `64x64x64`. */
export function sizes(text: string): Triple {
  return three(text.split(/[,x]/).map(count), 'It must be three sizes, z,y,x.');
}

/** `10,10,10`: three positive numbers. */
export function lengths(text: string): Triple {
  return three(text.split(',').map(positive), 'It must be three numbers, z,y,x.');
}

/** `0.1,0.2,0.3`. */
export function numbers(text: string): readonly number[] {
  return text.split(',').map((part) => {
    const value = Number(part);
    if (part.trim() === '' || !Number.isFinite(value))
      throw new InvalidArgumentError('It must be numbers with commas.');
    return value;
  });
}

/** `32,48,64`, or `8x64x64,12x96x96,16x128x128` for crops that are no cubes. */
export function crops(text: string): readonly (number | Triple)[] {
  return text.split(',').map((part) => (part.includes('x') ? sizes(part) : count(part)));
}

/** `0,255`: the lower first. */
export function range(text: string): readonly [number, number] {
  const [low, high, ...more] = numbers(text);
  if (low === undefined || high === undefined || more.length > 0 || low >= high)
    throw new InvalidArgumentError('It must be two numbers with a comma, the lower first.');
  return [low, high];
}

/** For options that may be given again and again. */
export function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

function three(values: readonly number[], otherwise: string): Triple {
  const [z, y, x, ...more] = values;
  if (z === undefined || y === undefined || x === undefined || more.length > 0)
    throw new InvalidArgumentError(otherwise);
  return [z, y, x];
}

import type { Preset } from '../preset.ts';
import { nano, nanoAnisotropic } from './nano.ts';
import { anisotropic, isotropic } from './paper.ts';
import { base, scaled } from './sizes.ts';
import { tiny, tinyAnisotropic } from './tiny.ts';

const all: readonly Preset[] = [
  nano,
  tiny,
  ...[base, ...scaled].map(isotropic),
  nanoAnisotropic,
  tinyAnisotropic,
  ...[base, ...scaled].map(anisotropic),
];

/** Every network there is, by name: sizes from `nano` to `1b`, isotropic, and the same with `-anisotropic`. */
export const presets: Readonly<Record<string, Preset>> = Object.fromEntries(
  all.map((preset) => [preset.name, preset]),
);

import type { Random } from '@tokenunify/model';

/** How much the grey values of a crop may vary; zeros leave it alone. */
export interface IntensityVariation {
  /** Contrast is multiplied by 1 + u, u uniform in +-contrast. */
  readonly contrast: number;
  /** Added, uniform in +-brightness. */
  readonly brightness: number;
  /** Exponent 2^u, u uniform in +-gamma. */
  readonly gamma: number;
  /** Standard deviation of white noise, uniform in [0, noise]. */
  readonly noise: number;
}

export const mildIntensity: IntensityVariation = { contrast: 0.1, brightness: 0.05, gamma: 0.1, noise: 0 };
export const strongIntensity: IntensityVariation = {
  contrast: 0.3,
  brightness: 0.12,
  gamma: 0.4,
  noise: 0.04,
};

/** By name, for configurations. */
export const intensities = {
  none: { contrast: 0, brightness: 0, gamma: 0, noise: 0 },
  mild: mildIntensity,
  strong: strongIntensity,
} as const satisfies Record<string, IntensityVariation>;

const NOISE_TABLE = 4096;

/** In place, on values in [0, 1]; clipped to it. */
export function varyIntensity(crop: Float32Array, variation: IntensityVariation, random: Random): void {
  const contrast = 1 + random.uniform(-variation.contrast, variation.contrast);
  const brightness = random.uniform(-variation.brightness, variation.brightness);
  const gamma = 2 ** random.uniform(-variation.gamma, variation.gamma);
  const sigma = random.uniform(0, variation.noise);
  // grey values are bytes: 256 powers instead of one a voxel
  const curve = Float32Array.from(
    { length: 256 },
    (_, v) => ((v / 255) ** gamma - 0.5) * contrast + 0.5 + brightness,
  );
  const noise = Float32Array.from({ length: NOISE_TABLE }, () => (sigma > 0 ? random.normal() * sigma : 0));
  for (let i = 0; i < crop.length; i++) {
    const shaped = curve[Math.round(crop[i]! * 255)]!;
    const jitter = sigma > 0 ? noise[random.integer(NOISE_TABLE)]! : 0;
    crop[i] = Math.min(1, Math.max(0, shaped + jitter));
  }
}

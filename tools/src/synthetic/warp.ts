import type { Room } from './neurites.ts';
import { noiseField } from './noise.ts';
import type { Random } from './random.ts';

/** A smooth displacement of space, nm. */
export interface Warp {
  /** Writes the displaced point to `out`. */
  apply(z: number, y: number, x: number, out: Float64Array): void;
  /** Writes to `out` the point that `apply` takes (about) to the given one. */
  undo(z: number, y: number, x: number, out: Float64Array): void;
}

/**
 * Two scales: bends of about a neurite's width and dents a third of it. Amplitudes are small against the wavelengths, so
 * that the displacement hardly ever folds; where it does, the labels are repaired (connect.ts).
 */
export function warpSpace(room: Room, diameter: number, random: Random): Warp {
  const octave = (wavelength: number) =>
    [0, 1, 2].map(() => noiseField(random, room.low, room.high, wavelength));
  const [bendZ, bendY, bendX] = octave(1.5 * diameter);
  const [dentZ, dentY, dentX] = octave(0.6 * diameter);
  const bend = 0.19 * diameter;
  const dent = 0.045 * diameter;
  const apply = (z: number, y: number, x: number, out: Float64Array): void => {
    out[0] = z + bend * bendZ.at(z, y, x) + dent * dentZ.at(z, y, x);
    out[1] = y + bend * bendY.at(z, y, x) + dent * dentY.at(z, y, x);
    out[2] = x + bend * bendX.at(z, y, x) + dent * dentX.at(z, y, x);
  };
  return {
    apply,
    undo(z, y, x, out) {
      let [gz, gy, gx] = [z, y, x];
      for (let round = 0; round < 4; round++) {
        apply(gz, gy, gx, out);
        gz += z - out[0];
        gy += y - out[1];
        gx += x - out[2];
      }
      out[0] = gz;
      out[1] = gy;
      out[2] = gx;
    },
  };
}

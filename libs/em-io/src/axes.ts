/** From a stored array to a volume: which axes there are, and how large a voxel is. */
import { EmIoError } from './errors.ts';
import { formatShape, toVec3, type Vec3 } from './geometry.ts';

/** Splits `[z, y, x]` or `[c, z, y, x]`. @throws `em-io/axes` for any other rank. */
export function splitChannels(
  shape: readonly number[],
  location: string,
): { shape: Vec3; channels?: number } {
  if (shape.length === 3) return { shape: toVec3(shape) };
  const [channels] = shape;
  if (shape.length === 4 && channels !== undefined) return { shape: toVec3(shape.slice(1)), channels };
  const remedy =
    shape.length === 2
      ? 'add a z axis of length 1'
      : shape.length > 4
        ? 'select one time point or scale'
        : 'give a three-dimensional array';
  throw new EmIoError(
    'em-io/axes',
    `${location} has shape ${formatShape(shape)}, but a volume has the axes (z, y, x) or (channel, z, y, x); ${remedy}.`,
  );
}

/** Refuses axes named in another order, as `dimension_names` of Zarr v3 or OME axes may. */
export function checkAxisNames(names: readonly unknown[], location: string): void {
  const named = names.map((name) => String(name ?? '').toLowerCase());
  if (named.some((name) => !/^(z|y|x|c\^?|channel)$/.test(name))) return; // other vocabularies say nothing of the order
  const spatial = named.slice(-3).join('');
  if (spatial === 'zyx') return;
  throw new EmIoError(
    'em-io/axes',
    `${location} names its axes (${named.join(', ')}), but a volume's are (z, y, x) after any channel; transpose it.`,
  );
}

const nanometres: Record<string, number> = {
  nm: 1,
  nanometer: 1,
  nanometre: 1,
  nanometers: 1,
  um: 1e3,
  µm: 1e3,
  μm: 1e3,
  micron: 1e3,
  micrometer: 1e3,
  micrometre: 1e3,
  micrometers: 1e3,
  mm: 1e6,
  millimeter: 1e6,
  angstrom: 0.1,
  m: 1e9,
  meter: 1e9,
};

/** nm in one of a unit's; undefined for a unit that is not a length. */
export function unitInNanometres(unit: unknown): number | undefined {
  return typeof unit === 'string' && Object.hasOwn(nanometres, unit.toLowerCase())
    ? nanometres[unit.toLowerCase()]
    : undefined;
}

/**
 * Voxel size and offset from attributes, in nm. Conventions read, first found wins:
 * - `resolution` (CREMI, ours), `voxel_size` (daisy, funlib): three numbers (z, y, x), in `units` (default nm);
 * - `element_size_um` (ilastik, pytorch-3dunet): three numbers in micrometres.
 * `offset` is read beside the first two, in the same unit.
 */
export function spacingFromAttributes(attributes: Record<string, unknown>): {
  voxelSize?: Vec3;
  offset?: Vec3;
} {
  const units = attributes['units'];
  const factors = [0, 1, 2].map((axis) => {
    // `units` may name all axes, channel included, or be one word for all.
    const unit: unknown = Array.isArray(units) ? units[units.length - 3 + axis] : units;
    return unitInNanometres(unit) ?? 1;
  });
  const scaled = (values: Vec3 | undefined) =>
    values && toVec3(values.map((value, axis) => clean(value * factors[axis])));
  const voxelSize = scaled(positive(attributes['resolution']) ?? positive(attributes['voxel_size']));
  const micrometres = positive(attributes['element_size_um']);
  if (!voxelSize && micrometres) return { voxelSize: toVec3(micrometres.map((value) => clean(value * 1e3))) };
  const offset = scaled(threeNumbers(attributes['offset']));
  return { ...(voxelSize && { voxelSize }), ...(offset && { offset }) };
}

/** 0.01 um x 1000 is 10, not 10.000000000000002. */
export function clean(value: number): number {
  return Number(value.toPrecision(12));
}

function positive(value: unknown): Vec3 | undefined {
  const numbers = threeNumbers(value);
  return numbers?.every((number) => number > 0) ? numbers : undefined;
}

function threeNumbers(value: unknown): Vec3 | undefined {
  if (!Array.isArray(value)) return undefined;
  const numbers = value
    .slice(-3)
    .filter((item): item is number => typeof item === 'number' && Number.isFinite(item));
  return numbers.length === 3 && value.length <= 4 ? toVec3(numbers) : undefined;
}

import type { Vec3 } from '../../ops/ops.ts';

export const cube = (size: number): Vec3 => [size, size, size];

/** Within a section: nothing along z. */
export const flat = (size: number): Vec3 => [1, size, size];

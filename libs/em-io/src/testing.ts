/** What the tests share: fixtures and the numbers they hold (tools/oracles/em-io_fixtures.py). */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { allocate, type Dtype } from './dtype.ts';
import { elementCount, type Vec3 } from './geometry.ts';
import type { NdArray } from './ndarray.ts';

/** A file of libs/em-io/fixtures. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
}

/** The shape of most fixtures. */
export const fixtureShape: Vec3 = [4, 5, 6];

/** The same numbers as `pattern` of the Python script. */
export function pattern(shape: readonly number[], dtype: Dtype): NdArray {
  const data = allocate(dtype, elementCount(shape));
  for (let i = 0; i < data.length; i++) {
    let value = (i * 37 + 11) % 251;
    if (dtype === 'bool') value &= 1;
    else if (dtype.startsWith('int')) value = Math.floor(value / 2) - 100;
    else if (dtype.startsWith('float')) value = value / 4 - 20;
    data[i] = data instanceof BigInt64Array || data instanceof BigUint64Array ? BigInt(value) : value;
  }
  return { dtype, shape, data };
}

/** What a box of an array holds, computed voxel by voxel. */
export function cutOut(array: NdArray, start: readonly number[], stop: readonly number[]): NdArray {
  const shape = stop.map((to, axis) => to - start[axis]);
  const data = allocate(array.dtype, elementCount(shape));
  for (let i = 0; i < data.length; i++) {
    let rest = i;
    let from = 0;
    let stride = 1;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += ((rest % shape[axis]) + start[axis]) * stride;
      stride *= array.shape[axis];
      rest = Math.floor(rest / shape[axis]);
    }
    data[i] = array.data[from];
  }
  return { dtype: array.dtype, shape, data };
}

/** A directory for one test, removed with it. */
export async function temporaryDirectory(): Promise<
  AsyncDisposable & { join(name: string): string; path: string }
> {
  const path = await mkdtemp(join(tmpdir(), 'em-io-'));
  return {
    path,
    join: (name) => join(path, name),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

/** What can be seen of an error. */
export interface Rejection {
  readonly code: string;
  readonly message: string;
  readonly status?: number;
  readonly retryable?: boolean;
}

/** What a promise rejects with; fails when it does not. */
export async function rejection(promise: Promise<unknown>): Promise<Rejection> {
  try {
    await promise;
  } catch (error) {
    const { code, status, retryable } = error as Partial<Rejection>; // whatever it is, it may have these
    return {
      code: String(code ?? ''),
      message: error instanceof Error ? error.message : String(error),
      ...(status !== undefined && { status }),
      ...(retryable !== undefined && { retryable }),
    };
  }
  throw new Error('expected a rejection');
}

import { join } from 'node:path';
import type { SQLOutputValue } from 'node:sqlite';
import type { ModelPackage } from '@tokenunify/model';
import type { ModelState } from './types.ts';

/** What a row keeps of a package; its paths are names inside it. */
export interface StoredPackage {
  readonly package: Omit<ModelPackage, 'dir'>;
  /** Bytes, by name of file. */
  readonly sizes: Readonly<Record<string, number>>;
}

export interface ModelRow extends StoredPackage {
  readonly digest: string;
  readonly name: string;
  readonly version: string;
  readonly state: ModelState;
  readonly createdAt: number;
  readonly retiredAt: number | undefined;
  /** 0 once the files are deleted. */
  readonly bytes: number;
}

export function rowOf(row: Record<string, SQLOutputValue> | undefined): ModelRow | undefined {
  if (!row) return undefined;
  return {
    digest: String(row['digest']),
    name: String(row['name']),
    version: String(row['version']),
    state: row['state'] as ModelState, // the table checks it
    createdAt: Number(row['created_at']),
    retiredAt: row['retired_at'] === null ? undefined : Number(row['retired_at']),
    bytes: Number(row['bytes']),
    ...(JSON.parse(String(row['summary'])) as StoredPackage), // written by `insert`
  };
}

/** The package of a row, in the directory where it lies. */
export function packageIn(dir: string, { package: stored }: StoredPackage): ModelPackage {
  const { modelPath, testInputPath, testOutputPath, checkpointPath } = stored;
  return {
    ...stored,
    dir,
    modelPath: join(dir, modelPath),
    testInputPath: join(dir, testInputPath),
    testOutputPath: join(dir, testOutputPath),
    ...(checkpointPath !== undefined && { checkpointPath: join(dir, checkpointPath) }),
  };
}

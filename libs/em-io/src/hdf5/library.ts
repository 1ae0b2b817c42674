/**
 * The HDF5 library compiled to WebAssembly, loaded on first use. Its node build sees the real file system (Emscripten's
 * NODERAWFS), so a file is read where it lies and never loaded whole.
 *
 * Only calls that report failure by a status are used. h5wasm's other way, errors thrown out of WebAssembly, skips
 * the restoring of its stack: after about 1,800 of them h5wasm 0.10.3 traps for good.
 */
import { openSync } from 'node:fs';
import { devNull } from 'node:os';
import type * as H5Wasm from 'h5wasm/node';

export type Library = Awaited<typeof H5Wasm.ready>;
export type DatasetMetadata = ReturnType<Library['get_dataset_metadata']>;

export interface Hdf5 {
  readonly library: Library;
  readonly Dataset: typeof H5Wasm.Dataset;
}

let loading: Promise<Hdf5> | undefined;

/** One instance a process: WebAssembly memory (2 GiB at most) is shared by all open files. */
export function loadHdf5(): Promise<Hdf5> {
  loading ??= import('h5wasm/node').then(async ({ ready, Dataset }) => {
    const library = await ready;
    silenceDiagnostics(library.FS);
    return { library, Dataset };
  });
  return loading;
}

/**
 * HDF5 prints a stack trace to stderr whenever a call fails, and h5wasm cannot switch that off. Its own stderr (not the
 * process's) is pointed at the null device; failures reach the caller as errors.
 */
function silenceDiagnostics(fileSystem: unknown): void {
  if (typeof fileSystem !== 'object' || fileSystem === null || !('streams' in fileSystem)) return;
  const { streams } = fileSystem;
  const stderr: unknown = Array.isArray(streams) ? streams[2] : undefined;
  if (typeof stderr === 'object' && stderr !== null && 'nfd' in stderr) stderr.nfd = openSync(devNull, 'w');
}

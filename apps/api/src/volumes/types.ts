import type { z } from '@hono/zod-openapi';
import type { volumeListSchema, volumeSchema } from '../contract/index.ts';

export type VolumeJson = z.infer<typeof volumeSchema>;
export type VolumePage = z.infer<typeof volumeListSchema>;

export interface Page {
  readonly limit?: number | undefined;
  /** Id of the last entry of the page before. */
  readonly cursor?: string | undefined;
}

/** One byte range of a value; a suffix counts from the end. */
export type ByteRange = { readonly start: number; readonly end?: number } | { readonly suffix: number };

export interface PutOptions {
  /** Of the body, if the request says. A body that ends before is refused. */
  readonly length?: number | undefined;
  /** `*`: only when there is nothing yet. */
  readonly ifNoneMatch?: string | undefined;
  readonly ifMatch?: string | undefined;
  readonly signal: AbortSignal;
}

/** What is at a key; `body` must be read to its end, or canceled. */
export interface StoredValue {
  readonly etag: string;
  /** Of the whole value. */
  readonly size: number;
  /** Of the body: all of it unless a range was asked for. End is the last byte, as in Content-Range. */
  readonly start: number;
  readonly end: number;
  readonly body: ReadableStream<Uint8Array>;
}

/**
 * Stored volumes: Zarr hierarchies that are written key by key, sealed, and then never change.
 * Everything throws ApiProblem; `volume-not-found` and `invalid-key` wherever they fit.
 */
export interface VolumeStore {
  create(options: { readonly name?: string | undefined }): Promise<VolumeJson>;
  list(page: Page): Promise<VolumePage>;
  get(id: string): Promise<VolumeJson>;
  /** @throws `volume-incomplete`, `metadata-invalid` */
  seal(id: string, options: { readonly chunks?: number | undefined }): Promise<VolumeJson>;
  /** @throws `volume-in-use` */
  delete(id: string): Promise<void>;
  /** @throws `volume-sealed`, `precondition-failed`, `body-interrupted`, `body-too-large`, `metadata-invalid`, `insufficient-storage` */
  put(
    id: string,
    key: string,
    body: ReadableStream<Uint8Array> | null,
    options: PutOptions,
  ): Promise<{ readonly etag: string; readonly created: boolean }>;
  /** @throws `key-not-found`, `range-not-satisfiable` */
  read(id: string, key: string, options: { readonly range?: ByteRange | undefined }): Promise<StoredValue>;
  /** @throws `volume-sealed` */
  remove(id: string, key: string): Promise<void>;
}

import * as promises from 'node:fs/promises';

/** What the store asks of the file system; tests put a full disk in its place. */
export type Files = Pick<
  typeof promises,
  | 'link'
  | 'mkdir'
  | 'open'
  | 'opendir'
  | 'readdir'
  | 'readFile'
  | 'rename'
  | 'rm'
  | 'rmdir'
  | 'stat'
  | 'unlink'
>;

export const localFiles: Files = promises;

/** What a call of the file system failed with, if it is one of these; anything else is thrown on. */
export async function unless<T>(work: Promise<T>, ...codes: readonly string[]): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (codes.includes(codeOf(error))) return undefined;
    throw error;
  }
}

export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';

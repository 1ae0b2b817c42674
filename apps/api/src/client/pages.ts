export interface ListOptions {
  /** Entries of one page, 1 to 1000. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

interface PageOf<T> {
  readonly items: readonly T[];
  readonly next?: string;
}

/** Entries of a list, each page fetched when the one before is used up. */
export async function* pages<T>(
  fetchPage: (query: { cursor?: string }) => Promise<PageOf<T>>,
): AsyncGenerator<T, void, void> {
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const page = await fetchPage(cursor === undefined ? {} : { cursor });
    yield* page.items;
    cursor = page.next;
  }
}

import { z } from 'zod';
import type { KeyRecord } from './verify.ts';

/** Keys as JSON: what `npm run keys -- export` prints and a Worker takes as its secret. Hashes only. */
const exportedSchema = z.array(
  z.object({
    id: z.string().regex(/^[0-9a-z]{12}$/, 'must be the id of a key'),
    name: z.string(),
    hash: z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256'),
    // Scopes are not checked against the list: a list made by a newer version must not lock everybody out.
    scopes: z.array(z.string()),
    until: z.number().optional(),
  }),
);

/** Keys that are still good, one JSON array. */
export function exportKeys(keys: readonly KeyRecord[], now: number): string {
  const good = keys.filter(({ until }) => until === undefined || until > now);
  return JSON.stringify(
    good.map(({ id, name, hash, scopes, until }) => ({ id, name, hash, scopes, ...(until && { until }) })),
  );
}

/**
 * Finds keys in what `exportKeys` wrote.
 *
 * @throws Error in one sentence, when it is something else
 * @example
 *     const authorize = authorizeWith(findExported(env.API_KEYS));
 */
export function findExported(text: string): (id: string) => KeyRecord | undefined {
  const parsed = exportedSchema.safeParse(jsonOf(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const at = issue?.path.join('.') ?? '';
    throw new Error(
      `The list of API keys is not what \`keys export\` prints${at && ` (${at} ${issue?.message})`}; export it again.`,
    );
  }
  const keys = new Map(
    parsed.data.map(({ until, ...key }) => [key.id, { ...key, ...(until !== undefined && { until }) }]),
  );
  return (id) => keys.get(id);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The cause would show a part of the text, which belongs into no log.
    return undefined;
  }
}

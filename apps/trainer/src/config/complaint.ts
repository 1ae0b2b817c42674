import { z } from 'zod';

/**
 * What is wrong with a value, as one sentence. The messages of the schema say what a field must be; this names the field,
 * its value and, of a name that is none, the nearest that is one.
 */
export function complaintOf(file: string, schema: z.ZodType, error: z.ZodError, value: unknown): string {
  // of several, one that names what was typed wrong explains the one that is missing
  const issue = error.issues.find(({ code }) => code === 'unrecognized_keys') ?? error.issues[0]!;
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const unknown = issue.keys[0] ?? '';
    const known = namesOf(schema, path);
    const where = [...path, unknown].join('.');
    const near = nearest(unknown, known);
    const remedy = near ? `did you mean ${[...path, near].join('.')}?` : `there is ${known.join(', ')}.`;
    return `${file}: ${where} is no setting; ${remedy}`;
  }
  const found = path.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], value);
  const name = path.join('.');
  if (found === undefined) return `${file}: ${name} is missing; it must be ${issue.message}.`;
  return `${file}: ${name || 'the file'} is ${shown(found)}, but must be ${issue.message}; change it there.`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

/** Names that an object of the schema has. */
function namesOf(schema: z.ZodType, path: readonly string[]): string[] {
  let at: unknown = schema;
  for (const key of [...path, undefined]) {
    while (at instanceof z.ZodOptional || at instanceof z.ZodDefault || at instanceof z.ZodPrefault)
      at = at.unwrap();
    if (key !== undefined && at instanceof z.ZodArray) {
      at = at.element;
      continue;
    }
    if (!(at instanceof z.ZodObject)) return [];
    if (key === undefined) return Object.keys(at.shape as object);
    at = (at.shape as Record<string, unknown>)[key];
  }
  return [];
}

/** The name that takes the fewest changes of a character to write, if it is near at all. */
function nearest(typed: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((name) => ({ name, changes: distance(typed.toLowerCase(), name.toLowerCase()) }))
    .toSorted((a, b) => a.changes - b.changes);
  const [best] = ranked;
  return best && best.changes <= Math.max(2, best.name.length / 3) ? best.name : undefined;
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}

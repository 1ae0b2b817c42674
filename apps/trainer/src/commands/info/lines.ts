export type Facts = Readonly<Record<string, unknown>>;

/** Facts as lines for people: a name and its value, nested facts indented. */
export function lines(facts: Facts, indent = ''): string[] {
  return Object.entries(facts).flatMap(([key, value]) => {
    if (value === undefined) return [];
    // the phases of a curriculum: each under its number
    if (Array.isArray(value) && value.some((item) => typeof item === 'object'))
      return lines({ [key]: { ...(value as unknown[]) } }, indent);
    const nested = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (nested && Object.keys(value).length > 0)
      return [`${indent}${key}`, ...lines(value as Facts, `${indent}  `)];
    return [
      `${indent}${key.padEnd(14)} ${Array.isArray(value) ? value.join(' x ') : nested ? '-' : String(value)}`,
    ];
  });
}

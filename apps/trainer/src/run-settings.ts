/** What a run was started with. */
export type Settings = Readonly<Record<string, unknown>>;

export interface Difference {
  readonly name: string;
  /** As a message says it. */
  readonly before: string;
  readonly now: string;
}

/** The first setting that is another, by the names that lead to it: `config.optimizer.weightDecay`. */
export function difference(before: Settings, now: Settings, within = ''): Difference | undefined {
  for (const key of new Set([...Object.keys(before), ...Object.keys(now)])) {
    const [a, b] = [before[key], now[key]];
    if (JSON.stringify(a) === JSON.stringify(b)) continue;
    const name = `${within}${key}`;
    const deeper = isSettings(a) && isSettings(b) ? difference(a, b, `${name}.`) : undefined;
    return deeper ?? { name, before: say(a), now: say(b) };
  }
  return undefined;
}

const isSettings = (value: unknown): value is Settings =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const say = (value: unknown): string => (value === undefined ? 'none' : JSON.stringify(value));

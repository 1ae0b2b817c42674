import { describe, test } from 'vitest';

export interface Needed {
  readonly there: boolean;
  /** What is missing otherwise, and the command that mends it: 'no X on this machine; run `...`'. */
  readonly why: string;
  /** Environment variable that makes it a failure to lack it, with the value 1. */
  readonly required: string;
}

/** A suite that needs something of the machine. Without it the suite is skipped and says so, or fails where it is required. */
export function describeWhere({ there, why, required }: Needed, name: string, suite: () => void): void {
  if (there) {
    describe(name, suite);
    return;
  }
  if (process.env[required] === '1') {
    test(name, () => {
      throw new Error(`${required} is 1, but there is ${why}.`);
    });
    return;
  }
  console.warn(`SKIPPED: ${name} (${why})`);
  describe.skip(name, suite);
}

/** What a line of `--json` holds besides its kind. */
export type Data = Readonly<Record<string, unknown>> & { readonly kind?: never };

/**
 * Progress of long commands, one event in, three readers: a line that rewrites itself on a terminal, one line a step
 * elsewhere, JSON lines for machines (`--json`). Progress goes to stderr, results to stdout.
 */
export interface ProgressLine {
  /** What is being done: `pretrain`, `tiles`. */
  readonly stage: string;
  readonly done: number;
  readonly total: number;
  /** Said behind the numbers, as `loss 0.0123`. */
  readonly detail?: string;
  /** Everything, for `--json`. */
  readonly data?: Data;
}

export interface Reporter {
  progress(line: ProgressLine): void;
  /** A sentence for people; with `--json` an object of kind `note`, and `data` in it. */
  note(text: string, data?: Data): void;
  /** The result: on stdout. */
  result(text: string, data: Data): void;
}

export interface Terminal {
  readonly interactive: boolean;
  readonly now: () => number;
  out(text: string): void;
  error(text: string): void;
}

export const processTerminal: Terminal = {
  interactive: process.stderr.isTTY === true,
  now: () => Date.now(),
  out: (text) => void process.stdout.write(text),
  error: (text) => void process.stderr.write(text),
};

/** Lines elsewhere than on a terminal are at least this far apart, unless they finish a stage. */
const QUIET_MS = 2000;

export function createReporter(options: { json: boolean; terminal?: Terminal }): Reporter {
  const terminal = options.terminal ?? processTerminal;
  if (options.json) return jsonReporter(terminal);
  let stage = '';
  let began = 0;
  let first = 0;
  let last = 0;
  let said = -Infinity;
  let open = false;
  const close = () => {
    if (open) terminal.error('\n');
    open = false;
  };
  return {
    progress(line) {
      const now = terminal.now();
      // the same stage again, as for the next checkpoint, is timed anew
      if (line.stage !== stage || line.done < last) {
        close();
        [stage, began, first, said] = [line.stage, now, line.done, -Infinity];
      }
      last = line.done;
      const finished = line.done >= line.total;
      if (!finished && now - said < (terminal.interactive ? 100 : QUIET_MS)) return;
      said = now;
      const text = describe(line, (now - began) / 1000, first);
      if (terminal.interactive) {
        terminal.error(`\r\x1b[K${text}`);
        open = true;
        if (finished) close();
      } else terminal.error(`${text}\n`);
    },
    note(text) {
      close();
      terminal.error(`${text}\n`);
    },
    result(text) {
      close();
      terminal.out(`${text}\n`);
    },
  };
}

function jsonReporter(terminal: Terminal): Reporter {
  const say = (value: object) => terminal.out(`${JSON.stringify(value)}\n`);
  return {
    progress: ({ stage, done, total, data }) => say({ kind: 'progress', stage, done, total, ...data }),
    note: (text, data) => say({ kind: 'note', text, ...data }),
    result: (_text, data) => say({ kind: 'result', ...data }),
  };
}

function describe({ stage, done, total, detail }: ProgressLine, seconds: number, first: number): string {
  const rate = (done - first) / seconds;
  const width = String(total).length;
  const share = `${stage.padEnd(10)} ${String(done).padStart(width)}/${total}`;
  const timing = rate > 0 && Number.isFinite(rate) ? `  ${rate.toFixed(rate < 10 ? 2 : 0)}/s` : '';
  const left = timing && done < total ? `  ${clock((total - done) / rate)} left` : `  ${clock(seconds)}`;
  return `${share}${timing}${left}${detail ? `  ${detail}` : ''}`;
}

function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0
    ? `${h}h${String(m).padStart(2, '0')}`
    : m > 0
      ? `${m}m${String(s).padStart(2, '0')}`
      : `${s}s`;
}

/** Reads steps to their result, and reports them. */
export async function drain<T>(
  steps: AsyncGenerator<{ readonly stage: string; readonly done: number; readonly total: number }, T>,
  reporter: Reporter,
): Promise<T> {
  for (;;) {
    const { value, done } = await steps.next();
    if (done) return value;
    reporter.progress({ stage: value.stage, done: value.done, total: value.total });
  }
}

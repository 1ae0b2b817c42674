import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { DevCloudError } from './errors.ts';

export interface DevCloudOptions {
  /** Of the Worker. */
  readonly port: number;
  /** State of both: volumes, jobs, keys. Absolute. */
  readonly data: string;
  /** Directory of a model package; default: the bundled one. */
  readonly model?: string;
}

export const USAGE = `The Worker and a container behind it, on this machine: no account, no network, no Docker.

Usage: npm run dev:cloud -- [options]

  --port PORT    of the Worker (default 8787)
  --data DIR     state of both (default .tokenunify-data/dev-cloud)
  --model DIR    model package of the container (default: the bundled one)
  --help`;

/** @throws DevCloudError */
export function readOptions(argv: readonly string[]): DevCloudOptions | 'help' {
  const { port, data, model, help } = parse(argv);
  if (help) return 'help';
  const number = Number(port ?? 8787);
  if (!Number.isInteger(number) || number < 1 || number > 65_535) {
    throw new DevCloudError(`--port is "${port}"; give a whole number from 1 to 65535.`);
  }
  return {
    port: number,
    data: resolve(data ?? '.tokenunify-data/dev-cloud'),
    ...(model !== undefined && { model: resolve(model) }),
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        port: { type: 'string' },
        data: { type: 'string' },
        model: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DevCloudError(`${why}; --help lists the options.`, { cause });
  }
}

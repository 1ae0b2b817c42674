import { parseArgs } from 'node:util';
import type { Vec3 } from '@tokenunify/em-io';
import { BUNDLED_MODEL } from '../bundled-model.ts';
import { ToolsError } from '../errors.ts';

export interface DemoOptions {
  /** Of the volume that is segmented. */
  readonly seed: number;
  /** (z, y, x) voxels. */
  readonly shape: Vec3;
  /** Directory for the picture and the arrays; made if it is not there. */
  readonly out: string;
  /** Directory of the model package. */
  readonly model: string;
}

export const DEFAULTS: DemoOptions = {
  seed: 1,
  shape: [64, 160, 160],
  out: 'demo-output',
  model: BUNDLED_MODEL,
};

export const USAGE = `Segments a synthetic EM volume over HTTP with the bundled model, and shows how good that is.

Usage: npm run demo -- [options]
  --seed N         which synthetic volume (default ${DEFAULTS.seed})
  --shape Z,Y,X    its size in voxels (default ${DEFAULTS.shape.join(',')})
  --out DIR        where the picture and the arrays go (default ${DEFAULTS.out})
  --model DIR      a model package (default the bundled one)
  --help`;

/** Smaller than this there is no neuron to see; larger ones take minutes. */
const SIDES = { least: 16, most: 512 };

/** @throws ToolsError 'tools/bad-option' in one sentence that names the option */
export function readOptions(args: readonly string[]): DemoOptions | 'help' {
  const values = parse(args);
  if (values.help === true) return 'help';
  return {
    seed: values.seed === undefined ? DEFAULTS.seed : wholeNumber('--seed', values.seed, 0, 2 ** 32 - 2),
    shape: values.shape === undefined ? DEFAULTS.shape : readShape(values.shape),
    out: values.out ?? DEFAULTS.out,
    model: values.model ?? DEFAULTS.model,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        seed: { type: 'string' },
        shape: { type: 'string' },
        out: { type: 'string' },
        model: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ToolsError('tools/bad-option', `${reason}; \`npm run demo -- --help\` lists the options.`, {
      cause,
    });
  }
}

function readShape(text: string): Vec3 {
  const sides = text.split(',');
  if (sides.length !== 3) {
    throw new ToolsError(
      'tools/bad-option',
      `--shape is '${text}'; give three whole numbers, z,y,x, as in 64,160,160.`,
    );
  }
  const [z, y, x] = sides.map((side) => wholeNumber('--shape', side, SIDES.least, SIDES.most));
  return [z, y, x];
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text.trim()) && value >= least && value <= most) return value;
  throw new ToolsError(
    'tools/bad-option',
    `${name} is '${text}'; give whole numbers from ${least} to ${most}.`,
  );
}

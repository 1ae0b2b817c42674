import type { Box, Vec3 } from '@tokenunify/em-io';
import { CommandError } from '../errors.ts';

const RANGE = /^(\d*):(\d*)$/;

/**
 * A box from the command line: three ranges (z, y, x), each `start:stop` with either end left out.
 *
 * @example parseBox(':,:118,:', [250, 190, 250]) // { start: [0, 0, 0], stop: [250, 118, 250] }
 */
export function parseBox(text: string, shape: Vec3): Box {
  const parts = text.split(',');
  const fail = (why: string) =>
    new CommandError(
      'trainer/usage',
      `Box '${text}' ${why}; write three ranges as ':,0:118,:' (z,y,x, stop excluded).`,
    );
  if (parts.length !== 3) throw fail(`has ${parts.length} ranges`);
  const ends = parts.map((part, axis): [number, number] => {
    const match = RANGE.exec(part.trim());
    if (!match) throw fail(`has '${part}', which is no range`);
    const start = match[1] ? Number(match[1]) : 0;
    const stop = match[2] ? Number(match[2]) : shape[axis]!;
    if (start >= stop || stop > shape[axis]!)
      throw fail(`asks for ${start}:${stop} on axis ${'zyx'[axis]}, the volume has ${shape[axis]}`);
    return [start, stop];
  });
  const [z, y, x] = ends as [[number, number], [number, number], [number, number]]; // three, as checked
  return { start: [z[0], y[0], x[0]], stop: [z[1], y[1], x[1]] };
}

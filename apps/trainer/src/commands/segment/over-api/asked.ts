/** What the command line asks of the server. */
import { createClient, type ApiClient } from '@tokenunify/api/client';
import { wholeBox, type Box, type Volume } from '@tokenunify/em-io';
import { CommandError } from '../../../errors.ts';
import { parseBox } from '../../../sampling/box.ts';
import { needsRawRange } from '../input.ts';
import type { SegmentCommand } from '../options.ts';
import type { Context } from './context.ts';
import { shapeOf } from './grid.ts';

/** @throws CommandError `trainer/usage` for an address or a key that cannot be used */
export function clientOf({ api, apiKey }: SegmentCommand & { readonly api: string }): ApiClient {
  try {
    return createClient(api, { ...(apiKey !== undefined && { apiKey }), retries: 1 });
  } catch (cause) {
    throw new CommandError('trainer/usage', cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/**
 * The part to segment.
 *
 * @throws CommandError `trainer/data`, `trainer/usage`
 */
export function boxOf(volume: Volume, input: string, { box, rawRange }: SegmentCommand): Box {
  needsRawRange(volume, input, rawRange);
  if (volume.channels !== undefined)
    throw new CommandError(
      'trainer/data',
      `${input} has ${volume.channels} channels, but a volume to segment is (z, y, x); write one channel to a volume of its own.`,
    );
  return box === undefined ? wholeBox(volume.shape) : parseBox(box, volume.shape);
}

export function requestOf(name: string, command: SegmentCommand): Context['request'] {
  const { rawRange, model, threshold, scoring, minimumSize, cell } = command;
  const postprocessing = {
    ...(threshold !== undefined && { threshold }),
    ...(scoring !== undefined && { scoring }),
    ...(minimumSize !== undefined && { minimumSize }),
    ...(cell && { cell: [...cell] as [number, number, number] }), // three, as the parser made it
  };
  return {
    name,
    ...(rawRange && { rawRange: [rawRange[0], rawRange[1]] }),
    ...(model !== undefined && { model }),
    ...(Object.keys(postprocessing).length > 0 && { postprocessing }),
  };
}

/** What can be known to be refused is refused before hours of uploading. */
export async function checkServer(
  { api, patience, signal, box, request }: Context,
  { api: url }: SegmentCommand,
): Promise<void> {
  const { model } = await patience(() => api.health({ signal }));
  const shape = shapeOf(box);
  if (request.model !== undefined || shape.every((length, axis) => length >= model.minimumShape[axis]!))
    return;
  throw new CommandError(
    'trainer/data',
    `The volume is ${shape.join(' x ')}, but ${model.name} of ${String(url)} takes ${model.minimumShape.join(' x ')} at least (z, y, x); choose a larger box.`,
  );
}

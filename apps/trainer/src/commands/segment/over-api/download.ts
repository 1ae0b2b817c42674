import { openVolume, type Volume } from '@tokenunify/em-io';
import { CommandError } from '../../../errors.ts';
import { writeBeside, type Places } from '../place.ts';
import { concurrently } from './concurrently.ts';
import type { Context } from './context.ts';
import { downloadPiece, pieceCount, pieces } from './grid.ts';
import type { FinishedJob } from './job.ts';

/** Bytes of labels under way, and as much again of the chunks they come in; at least one piece, at most four. */
const UNDER_WAY = 2 ** 25;

/**
 * The labels of a job, piece by piece, beside the place of the output.
 *
 * @throws CommandError `trainer/data` when they are not those of the job
 */
export async function download(context: Context, job: FinishedJob, places: Places): Promise<void> {
  const { api, headers, patience, reporter, signal, volume } = context;
  const { result } = job;
  const labels = await patience(() =>
    openVolume(api.volumeUrl(result.volume), { headers, signal, retries: 2 }),
  );
  try {
    const { shape } = result;
    checkLabels(labels, job);
    const piece = downloadPiece(labels.chunkShape, shape);
    const total = pieceCount(shape, piece);
    const atOnce = Math.max(1, Math.min(4, Math.floor(UNDER_WAY / (4 * piece[0] * piece[1] * piece[2]))));
    let done = 0;
    let highest = 0;
    reporter.progress({ stage: 'download', done, total });
    const options = {
      shape,
      dtype: 'uint32',
      ...(volume.voxelSize && { voxelSize: volume.voxelSize }),
    } as const;
    await writeBeside(places, options, (output) =>
      concurrently(pieces(shape, piece), atOnce, signal, async ({ box }, own) => {
        const array = await patience(() => labels.read(box, { signal: own }), own);
        for (const label of array.data as Uint32Array) if (label > highest) highest = label; // uint32, as checked
        await output.write(box, array, { signal: own });
        reporter.progress({ stage: 'download', done: ++done, total });
      }),
    );
    // A chunk that is not there reads as background: were the volume deleted meanwhile, nothing else would tell.
    const still = await patience(() => api.volume(result.volume, { signal }));
    if (highest !== result.labelCount || still.state !== 'sealed')
      throw new CommandError(
        'trainer/data',
        `The labels of ${job.id} came with ${highest} as the highest of ${result.labelCount}; run the same command again to fetch them anew.`,
      );
  } finally {
    await labels.close();
  }
}

function checkLabels(labels: Volume, { id, result }: FinishedJob): void {
  const same = labels.shape.every((length, axis) => length === result.shape[axis]);
  if (labels.dtype === 'uint32' && labels.channels === undefined && same) return;
  throw new CommandError(
    'trainer/data',
    `The labels of ${id} are ${labels.dtype} of ${labels.shape.join(' x ')}, but should be uint32 of ${result.shape.join(' x ')}; report this to the server's operator.`,
  );
}

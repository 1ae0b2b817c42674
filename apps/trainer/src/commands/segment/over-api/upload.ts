import { isApiError, type StoredVolume } from '@tokenunify/api/client';
import { boxShape, createVolume, type WritableVolume } from '@tokenunify/em-io';
import { concurrently } from './concurrently.ts';
import type { Context } from './context.ts';
import { pieceCount, pieces, shapeOf, shifted, uploadChunkShape, type Piece } from './grid.ts';

/** Chunks under way: enough to hide the way to the server, few enough to hold in memory. */
const AT_ONCE = 4;

/**
 * The input as a sealed volume on the server. What an earlier command has sent is not sent again.
 *
 * @returns its id
 */
export async function upload(context: Context): Promise<string> {
  const found = await findVolume(context);
  if (found?.state === 'sealed') return found.id;
  const { api, patience, signal } = context;
  const id = found?.id ?? (await makeVolume(context)).id;
  await context.remember({ volume: id });
  const chunks = await writeChunks(context, id, found !== undefined);
  await patience(() => api.sealVolume(id, { chunks }, { signal }));
  return id;
}

/** The volume of an earlier command, if it is still there. */
async function findVolume({
  api,
  patience,
  reporter,
  signal,
  state,
}: Context): Promise<StoredVolume | undefined> {
  const { volume } = state();
  if (volume === undefined) return undefined;
  try {
    return await patience(() => api.volume(volume, { signal }));
  } catch (error) {
    if (!isApiError(error, 'volume-not-found')) throw error;
    reporter.note('The volume that was uploaded is not on the server any more; uploading it again.');
    return undefined;
  }
}

/** One volume, even if the answer to its making is lost, or this process: it is looked for by its name before. */
async function makeVolume({ api, patience, signal, name, state }: Context): Promise<StoredVolume> {
  const own = `${name} (${state().token})`;
  return patience(async () => {
    let looked = 0;
    for await (const volume of api.listVolumes({ limit: 100, signal })) {
      if (volume.name === own && volume.state === 'open') return volume;
      if (++looked === 100) break; // newest first: it would be among these
    }
    return api.createVolume({ name: own }, { signal });
  });
}

/** @returns how many chunks the volume has */
async function writeChunks(context: Context, id: string, begun: boolean): Promise<number> {
  const { api, headers, patience, reporter, signal, volume, box } = context;
  const shape = shapeOf(box);
  const chunkShape = uploadChunkShape(volume, box);
  const target = await patience(() =>
    createVolume(api.volumeUrl(id), {
      ...{ shape, dtype: volume.dtype, chunkShape, headers, signal },
      ...{ resume: true, retries: 2 },
      ...(volume.voxelSize && { voxelSize: volume.voxelSize }),
    }),
  );
  const total = pieceCount(shape, chunkShape);
  let done = 0;
  let sent = 0;
  const told = () =>
    reporter.progress({
      stage: 'upload',
      done,
      total,
      data: { sent },
      ...(begun && { detail: `${sent} sent now` }),
    });
  told();
  await concurrently(pieces(shape, chunkShape), AT_ONCE, signal, async (piece, own) => {
    // keys are those of em-io's writer: Zarr v3's default
    const key = `c/${piece.index.join('/')}`;
    if (!begun || !(await patience(() => api.hasKey(id, key, { signal: own }), own))) {
      await send(context, target, piece, own);
      sent++;
    }
    done++;
    told();
  });
  await target.close();
  return total;
}

async function send(
  { volume, box, patience }: Context,
  target: WritableVolume,
  piece: Piece,
  signal: AbortSignal,
): Promise<void> {
  const array = await volume.read(shifted(piece.box, box.start), { signal });
  await patience(() => target.write(piece.box, { ...array, shape: boxShape(piece.box) }, { signal }), signal);
}

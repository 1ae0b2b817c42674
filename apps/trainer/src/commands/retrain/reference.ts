import { openVolume, toUint32, wholeBox, type NdArray } from '@tokenunify/em-io';
import type { RetrainConfig } from './config.ts';
import { isFullDisk, messageOf, NightError, wrong } from './errors.ts';

/** The reference volume, and the labels that are right for it. */
export interface Reference {
  readonly raw: NdArray & { readonly data: Uint8Array };
  readonly expected: Uint32Array;
}

/** A request holds the whole volume; the server refuses larger ones anyway. */
const MOST_VOXELS = 2 ** 27;

/** @throws NightError with exit code 2, naming the setting */
export async function readReference(
  { file, smokeTest: { raw: rawLocation, expected } }: RetrainConfig,
  signal: AbortSignal,
): Promise<Reference> {
  const raw = await readWhole(file, 'raw', rawLocation, signal);
  if (raw.dtype !== 'uint8')
    throw wrong(
      `${file}: smokeTest.raw ${rawLocation} has dtype ${raw.dtype}, but must be uint8; convert it first.`,
    );
  const labels = await readWhole(file, 'expected', expected, signal);
  if (String(labels.shape) !== String(raw.shape))
    throw wrong(
      `${file}: smokeTest.expected ${expected} has shape [${labels.shape.join(', ')}], but smokeTest.raw has [${raw.shape.join(', ')}]; name the labels of that volume.`,
    );
  const ids = await refusing(file, 'expected', expected, async () => toUint32(labels, expected));
  if (!ids.some((id) => id !== 0))
    throw wrong(
      `${file}: smokeTest.expected ${expected} is background everywhere, so it would pass anything; name labels.`,
    );
  return { raw: { ...raw, data: raw.data as Uint8Array }, expected: ids }; // its dtype was checked
}

function readWhole(file: string, field: string, location: string, signal: AbortSignal): Promise<NdArray> {
  return refusing(file, field, location, async () => {
    const volume = await openVolume(location, { signal });
    try {
      const voxels = volume.shape.reduce((a, b) => a * b, 1);
      if (volume.channels !== undefined || voxels === 0 || voxels > MOST_VOXELS)
        throw wrong(
          `${file}: smokeTest.${field} ${location} has the shape [${volume.shape.join(', ')}]${volume.channels === undefined ? '' : ` and ${volume.channels} channels`}, but must be one small volume (z, y, x) of at most ${MOST_VOXELS} voxels; cut one out.`,
        );
      return await volume.read(wholeBox(volume.shape), { signal });
    } finally {
      await volume.close();
    }
  });
}

async function refusing<T>(
  file: string,
  field: string,
  location: string,
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof NightError || isFullDisk(error) || (error as Error).name === 'AbortError')
      throw error;
    throw wrong(
      `${file}: smokeTest.${field} ${location} cannot be read (${messageOf(error)}); name a volume that is there.`,
      error,
    );
  }
}

import { constants } from 'node:fs';
import { access, open, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { wholeBox, type NdArray, type Vec3 } from '@tokenunify/em-io';
import { CommandError } from '../../errors.ts';
import { clearBeside, exists, placesBeside, putInPlace, writeBeside } from './place.ts';

export interface OutputCheck {
  readonly overwrite: boolean;
  /** What is read, as the user named it: an output must not touch it. */
  readonly input?: string;
  /** Another output of the same command. */
  readonly besides?: string;
}

/**
 * Refuses an output that cannot be written, or that would destroy the input, before there is anything to write.
 *
 * @throws CommandError `trainer/usage`
 */
export async function checkOutput(
  location: string,
  { overwrite, input, besides }: OutputCheck,
): Promise<void> {
  const refuse = (message: string): never => {
    throw new CommandError('trainer/usage', message);
  };
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(location))
    refuse(
      `${location} is a URL, and outputs are written to paths only (remote outputs not at all); name a path.`,
    );
  if (!['.zarr', '.npy'].includes(extname(location).toLowerCase()))
    refuse(`Cannot tell how to write ${location}; end its name in .zarr or .npy.`);
  const directory = dirname(resolve(location));
  if (!(await isDirectory(directory))) refuse(`The directory of ${location} does not exist; make it first.`);
  if (besides !== undefined && (await overlap(besides, location)))
    refuse(`Labels and affinities would both be ${location}; name two places.`);
  if (input !== undefined && (await overlap(await pathOf(input), location)))
    refuse(`${location} is what is read, or a part of it; choose another output.`);
  if (!overwrite && (await exists(location)))
    refuse(`${location} exists already; choose another name or pass --overwrite.`);
  if ((await exists(location)) && !(await isVolume(location)))
    refuse(
      `${location} exists and holds something other than one array, so it is not replaced; choose another name.`,
    );
  const writable = await access(directory, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!writable)
    refuse(`Nothing can be written to ${directory}; choose another directory, or change its permissions.`);
}

const isDirectory = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

/** The path in an input's name, as `openVolume` finds it: what exists as it stands, else all before the last colon. */
export async function pathOf(input: string): Promise<string> {
  const local = input.startsWith('file://') ? fileURLToPath(input) : input;
  const colon = local.lastIndexOf(':');
  return colon <= 0 || (await exists(local)) ? local : local.slice(0, colon);
}

/** True when one path is the other or lies in it, links followed. */
async function overlap(a: string, b: string): Promise<boolean> {
  const [one, other] = [await trueForm(a), await trueForm(b)];
  const inside = (from: string, to: string) => !/^\.\.([/\\]|$)/.test(relative(from, to));
  return inside(one, other) || inside(other, one);
}

/** The real path; of what does not exist yet, the real path of its directory and its name. */
async function trueForm(path: string): Promise<string> {
  const whole = resolve(path);
  return realpath(whole).catch(async () => {
    const parent = dirname(whole);
    return parent === whole ? whole : join(await trueForm(parent), basename(whole));
  });
}

/** What --overwrite may replace: an npy file, a Zarr array; never a group, which may hold anything. */
async function isVolume(location: string): Promise<boolean> {
  if ((await stat(location)).isDirectory()) {
    const metadata = await readFile(join(location, 'zarr.json'), 'utf8').catch(() => '{}');
    return /"node_type"\s*:\s*"array"/.test(metadata) || exists(join(location, '.zarray'));
  }
  const file = await open(location, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(6), 0, 6, 0);
    return bytesRead === 6 && buffer.toString('latin1') === '\x93NUMPY';
  } finally {
    await file.close();
  }
}

export interface SaveOptions {
  readonly overwrite: boolean;
  readonly voxelSize?: Vec3;
}

/**
 * Writes a whole array, [z, y, x] or [c, z, y, x]; the extension picks the format. It is written beside its place and moved
 * there: complete, or not there, and what it replaces stays until then.
 */
export async function saveVolume(location: string, array: NdArray, options: SaveOptions): Promise<void> {
  const [z, y, x] = array.shape.slice(-3) as [number, number, number]; // three or four axes, see above
  const shape: Vec3 = [z, y, x];
  const channels = array.shape.length === 4 ? array.shape[0]! : undefined;
  await refuseReplacing(location, options.overwrite);
  const places = placesBeside(location, String(process.pid));
  try {
    await writeBeside(
      places,
      {
        ...{ shape, dtype: array.dtype },
        ...(channels !== undefined && { channels }),
        ...(options.voxelSize && { voxelSize: options.voxelSize }),
      },
      (volume) => volume.write(wholeBox(shape), array),
    );
    await putInPlace(places);
  } finally {
    await clearBeside(places);
  }
}

/** Looks once more, right before writing: what is there now may not have been there when the command began. */
export async function refuseReplacing(location: string, overwrite: boolean): Promise<void> {
  if (!(await exists(location))) return;
  if (!overwrite)
    throw new CommandError(
      'trainer/usage',
      `${location} exists already; choose another name or pass --overwrite.`,
    );
  if (!(await isVolume(location)))
    throw new CommandError(
      'trainer/usage',
      `${location} holds something other than one array, so it is not replaced; choose another name.`,
    );
}

/** Which array of a Zarr hierarchy is the volume, and what its groups say about it. */
import * as zarr from 'zarrita';
import { clean, spacingFromAttributes, unitInNanometres } from '../axes.ts';
import { EmIoError } from '../errors.ts';
import { toVec3, type Vec3 } from '../geometry.ts';
import type { ZarrArray } from './array.ts';
import { listArrays, openNode } from './nodes.ts';
import type { ZarrStore } from './store.ts';

/** Names that mean the image where a group holds several arrays, most specific first. */
const conventionalNames = ['volumes/raw', 'main', 'raw'];

type Attributes = Record<string, unknown>;

/** @internal An array and the attributes of the groups above it, nearest first. */
export interface Located {
  readonly array: ZarrArray;
  /** Its path below the root, '' for the root itself. */
  readonly inner: string;
  readonly groups: readonly { readonly path: string; readonly attributes: Attributes }[];
}

/** Finds the array asked for, or the one that is meant: the root, the full resolution of OME multiscales, the only one. */
export async function locateArray(
  store: ZarrStore,
  wanted: string | undefined,
  signal?: AbortSignal,
): Promise<Located> {
  const inner = (wanted ?? '').replace(/^\/+|\/+$/g, '');
  const groups: { path: string; attributes: Attributes }[] = [];
  const names = inner === '' ? [] : inner.split('/');
  for (let depth = 0; depth <= names.length; depth++) {
    const path = names.slice(0, depth).join('/');
    const node = await openNode(store, path, signal);
    if (node instanceof zarr.Array) {
      if (depth === names.length) return { array: node, inner: path, groups: groups.reverse() };
      break;
    }
    if (node) groups.push({ path, attributes: node.attrs });
    else if (depth === names.length) break;
  }
  const group = groups.at(-1);
  if (group?.path !== inner) throw await missing(store, inner, signal);
  const below = await chooseBelow(store, group.path, group.attributes, signal);
  return locateArray(store, below, signal);
}

async function missing(store: ZarrStore, inner: string, signal?: AbortSignal): Promise<EmIoError> {
  if (inner === '' && !store.list) {
    return new EmIoError(
      'em-io/not-found',
      `${store.root} has no zarr.json, .zarray or .zgroup below it; check the address.`,
    );
  }
  if (inner === '') {
    return new EmIoError(
      'em-io/dataset-missing',
      `${store.root} is a directory without zarr.json, .zarray or .zgroup; check the path.`,
    );
  }
  const arrays = await listArrays(store, '', signal);
  const others = arrays?.length ? arrays.map((name) => `/${name}`).join(', ') : 'none';
  return new EmIoError(
    'em-io/dataset-missing',
    `${store.root} has no array /${inner}; ${arrays ? `it has ${others}` : 'check the name and the address'}.`,
  );
}

async function chooseBelow(
  store: ZarrStore,
  path: string,
  attributes: Attributes,
  signal?: AbortSignal,
): Promise<string> {
  const prefix = path === '' ? '' : `${path}/`;
  const level = multiscales(attributes)[0]?.path;
  if (level !== undefined) return prefix + level;
  const conventional = conventionalNames.map((name) => prefix + name);
  const where = store.pathOf(`/${path}`).replace(/\/$/, '');
  const arrays = await listArrays(store, path, signal);
  if (!arrays) {
    for (const name of conventional) {
      if ((await openNode(store, name, signal)) instanceof zarr.Array) return name;
    }
    throw new EmIoError(
      'em-io/dataset-ambiguous',
      `The Zarr group ${where} does not say what it holds, has no ${conventionalNames.join(', ')}, and cannot be listed over HTTP; ` +
        `name the array, as in ${store.root}:/${prefix}NAME.`,
    );
  }
  const [first] = arrays;
  if (first !== undefined && arrays.length === 1) return first;
  const known = conventional.find((name) => arrays.includes(name));
  if (known !== undefined) return known;
  if (first === undefined)
    throw new EmIoError('em-io/dataset-missing', `The Zarr group ${where} holds no array.`);
  throw new EmIoError(
    'em-io/dataset-ambiguous',
    `The Zarr group ${where} holds several arrays (${arrays.map((name) => `/${name}`).join(', ')}); ` +
      `name one, as in ${store.root}:/${first}.`,
  );
}

/** Voxel size and offset: the array's own attributes, else the OME multiscales of a group above. */
export function spacingOf({ array, inner, groups }: Located): { voxelSize?: Vec3; offset?: Vec3 } {
  const own = spacingFromAttributes(array.attrs);
  if (own.voxelSize) return own;
  for (const group of groups) {
    const relative = group.path === '' ? inner : inner.slice(group.path.length + 1);
    const level = multiscales(group.attributes).find((candidate) => candidate.path === relative);
    if (level)
      return {
        ...(level.scale && { voxelSize: level.scale }),
        ...(level.translation && { offset: level.translation }),
      };
  }
  return own;
}

/** OME-NGFF 0.4 (`multiscales`) and 0.5 (`ome.multiscales`), as far as space goes. */
function multiscales(attributes: Attributes): { path: string; scale?: Vec3; translation?: Vec3 }[] {
  const ome = isRecord(attributes['ome']) ? attributes['ome'] : attributes;
  const list = ome['multiscales'];
  const image: unknown = Array.isArray(list) ? list[0] : undefined;
  if (!isRecord(image) || !Array.isArray(image['datasets'])) return [];
  const axes = Array.isArray(image['axes']) ? image['axes'].filter(isRecord) : [];
  const units = axes.slice(-3).map((axis) => unitInNanometres(axis['unit']) ?? 1);
  const inNanometres = (values: unknown): Vec3 | undefined => {
    if (!Array.isArray(values) || values.length < 3) return undefined;
    const numbers = values.slice(-3).map((value, axis) => clean(Number(value) * units[axis]));
    return numbers.every(Number.isFinite) ? toVec3(numbers) : undefined;
  };
  return image['datasets'].filter(isRecord).map((dataset) => {
    const list: unknown = dataset['coordinateTransformations'];
    const transformations = Array.isArray(list) ? list.filter(isRecord) : [];
    const scale = inNanometres(transformations.find((item) => item['type'] === 'scale')?.['scale']);
    const translation = inNanometres(
      transformations.find((item) => item['type'] === 'translation')?.['translation'],
    );
    return { path: String(dataset['path']), ...(scale && { scale }), ...(translation && { translation }) };
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

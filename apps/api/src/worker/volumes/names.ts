/**
 * Where things are in the bucket. R2 lists names in ascending order only and the newest volume comes first, so the
 * names of states hold the id with every digit turned round. Metadata documents have a prefix of their own: to know the
 * arrays of a volume, its chunks need not be listed.
 *
 *     volumes/<turned id>.json    the state; changes by conditional writes only
 *     documents/<id>/<key>        zarr.json and the like
 *     values/<id>/<key>           chunks
 *     writing/<id>/<any>          a write that has begun and not ended
 */
import { isZarrMetadataKey } from '@tokenunify/em-io/zarr-layout';
import { newId } from '../../ids.ts';
import { VOLUME_ID } from '../../contract/index.ts';

export const STATES_PREFIX = 'volumes/';
export const documentsOf = (id: string): string => `documents/${id}/`;
export const valuesOf = (id: string): string => `values/${id}/`;
export const writesOf = (id: string): string => `writing/${id}/`;

export const nameOf = (id: string, key: string): string =>
  (isZarrMetadataKey(key) ? documentsOf(id) : valuesOf(id)) + key;

export const stateNameOf = (id: string): string => `${STATES_PREFIX}${turned(id.slice('vol_'.length))}.json`;

export const idOfStateName = (name: string): string =>
  `vol_${turned(name.slice(STATES_PREFIX.length, -'.json'.length))}`;

/**
 * Ids of the bucket's volumes, whose chance begins with `w`. The container makes ids too, of which one in 36 looks the
 * same: what looks like ours is looked for here first, what does not is the container's.
 */
export const newWorkerId = (now: number, random: () => number): string =>
  newId('vol', now, random).replace(/.(.{9})$/, 'w$1');

export const looksLikeOurs = (id: string): boolean => VOLUME_ID.test(id) && id.at(-10) === 'w';

/** Each base-36 digit d becomes 35 - d. */
function turned(text: string): string {
  return Array.from(text, (digit) => (35 - parseInt(digit, 36)).toString(36)).join('');
}

import { isAbsolute, relative, resolve } from 'node:path';

const hasScheme = (location: string): boolean => /^[a-z][a-z0-9+.-]+:\/\//i.test(location);

/**
 * A location of the manifest as em-io opens it from any working directory. Only put behind the folder, never normalised:
 * what follows a colon may be a dataset.
 */
export function fromFolder(folder: string, location: string): string {
  return hasScheme(location) || isAbsolute(location) ? location : `${resolve(folder)}/${location}`;
}

/** What a command was given, seen from its working directory, as the manifest in `folder` writes it. */
export function seenFromFolder(folder: string, location: string): string {
  return hasScheme(location) || isAbsolute(location) ? location : relative(folder, resolve(location));
}

/** A location for messages and for keys: without the user, password and query of a URL, which may be secret and change. */
export function shown(location: string): string {
  if (!hasScheme(location)) return location;
  return location.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, '$1').replace(/[?#].*$/s, '');
}

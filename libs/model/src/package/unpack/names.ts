import type { Entry } from 'yauzl';
import { FILE_NAME } from '../schema.ts';
import { refused } from './refused.ts';

/** A package has a handful of files: more only cost time. */
const MOST = 100;
/** Characters of a name; file systems end at 255. */
const LONGEST = 200;
const ENCRYPTED = 0x1 | 0x40 | 0x2000;
const [KIND, REGULAR, FOLDER] = [0o170000, 0o100000, 0o040000];

/** Decides which entries of an archive may be written, and under which name. */
export class EntryNames {
  readonly #archive: string;
  readonly #seen = new Set<string>();
  /** What all names begin with: nothing, or one folder. */
  #prefix: string | undefined;

  constructor(archive: string) {
    this.#archive = archive;
  }

  /**
   * @returns a plain file name; undefined for the folder itself
   * @throws ModelError `model/package` for everything that could lie outside the package, or that is no file
   */
  take(entry: Entry): string | undefined {
    const path = entry.fileName;
    const refuse = (what: string) =>
      refused(this.#archive, 'entry', `has the entry ${JSON.stringify(path.slice(0, LONGEST))}, ${what}`, {
        entry: path,
      });
    const cut = path.lastIndexOf('/') + 1;
    const [prefix, name] = [path.slice(0, cut), path.slice(cut)];
    this.#prefix ??= prefix;
    if (prefix !== this.#prefix || prefix.indexOf('/') !== prefix.length - 1 || prefix === '/')
      throw refuse('which is in another folder than the first one');
    // Only archives of Unix say what an entry is; others have zeros there.
    const kind = (entry.externalFileAttributes >>> 16) & KIND;
    if (name === '') {
      if (kind !== 0 && kind !== FOLDER) throw refuse('which is not the folder that it is called');
      return undefined;
    }
    if (kind !== 0 && kind !== REGULAR) throw refuse('which is a link or another thing that is not a file');
    if (!FILE_NAME.test(name) || name.length > LONGEST) throw refuse('which is not a plain file name');
    if ((entry.generalPurposeBitFlag & ENCRYPTED) !== 0) throw refuse('which is encrypted');
    if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8)
      throw refuse(`which is compressed by method ${entry.compressionMethod}, neither stored nor deflated`);
    // some file systems take two spellings for one file
    const folded = name.toLowerCase();
    if (this.#seen.has(folded)) throw refuse('which it has twice');
    this.#seen.add(folded);
    if (this.#seen.size > MOST) throw refuse(`the ${MOST + 1}st file, and ${MOST} are allowed`);
    return name;
  }
}

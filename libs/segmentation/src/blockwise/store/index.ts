export { readArray, readBox, readInto, writeArray, type ArrayRef } from './arrays.ts';
export { directoryArtefacts } from './directory.ts';
export {
  adoptTask,
  commit,
  committedTasks,
  dropTask,
  needManifest,
  readManifest,
  type Manifest,
  type Outcome,
} from './manifest.ts';
export { temporaryPrefix, type ArtefactStore, type StoredName } from './store.ts';

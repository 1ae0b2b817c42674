import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { layout, type Recipe } from './recipe.ts';

/**
 * True when `root` holds an installation made by exactly this recipe. An unreadable stamp, a stamp of another recipe and
 * a missing addon are all "no": the remedy, building again, is the same.
 */
export function isBuilt(root: string, recipe: Recipe): boolean {
  const { stamp, addon } = layout(root);
  if (!existsSync(stamp) || !existsSync(addon)) return false;
  try {
    return isDeepStrictEqual(JSON.parse(readFileSync(stamp, 'utf8')), recipe);
  } catch {
    return false;
  }
}

/** Marks the installation in `root` as made by `recipe`; the last thing done to it before it is put in place. */
export function writeStamp(root: string, recipe: Recipe): void {
  writeFileSync(layout(root).stamp, `${JSON.stringify(recipe, null, 2)}\n`);
}

import type { ModelPackage } from '@tokenunify/model';
import { CommandError } from '../../../errors.ts';

/**
 * Refuses models that would not see the same voxels: a score would then be that of a tile, not of a network.
 *
 * @throws CommandError `trainer/data`, naming the first thing that differs
 */
export function checkAlike(champion: ModelPackage, challenger: ModelPackage): void {
  const size = (shape: readonly number[]) => shape.join(' x ');
  const scaling = ({ offset, scale }: ModelPackage['inputScale']) => `(v - ${offset}) * ${scale}`;
  const differing = [
    ['tile', size(champion.tileShape), size(challenger.tileShape)],
    ['smallest volume', size(champion.minimumShape), size(challenger.minimumShape)],
    ['input scaling', scaling(champion.inputScale), scaling(challenger.inputScale)],
  ].find(([, one, other]) => one !== other);
  if (!differing) return;
  const [what, one, other] = differing;
  throw new CommandError(
    'trainer/data',
    `The challenger ${nameOf(challenger)} has the ${what} ${other}, the champion ${nameOf(champion)} has ${one}, so they cannot be compared on the same tiles; export the challenger like the champion, or compare each by its own with \`npx tokenunify evaluate --model DIR --raw … --labels … --box …\` and promote by hand.`,
  );
}

const nameOf = ({ name, version }: ModelPackage): string => `${name} ${version}`;

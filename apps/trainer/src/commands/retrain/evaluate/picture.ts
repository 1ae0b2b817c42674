import type { Vec3 } from '@tokenunify/em-io';
import { encodePng } from './png.ts';
import { voxelsOfSection, type Section } from './section.ts';

/** What is shown of one neuron. All arrays fill the box. */
export interface NeuronPicture {
  readonly shape: Vec3;
  readonly raw: Uint8Array;
  readonly truth: Uint32Array;
  /** Shown behind raw and truth, in this order. */
  readonly segmentations: readonly Uint32Array[];
  /** Its id in `truth`. */
  readonly neuron: number;
  readonly section: Section;
}

/** Okabe and Ito's colours, which people with any colour vision tell apart; the last stands for all further pieces. */
export const pieceColours = [
  [86, 180, 233],
  [230, 159, 0],
  [0, 158, 115],
  [240, 228, 66],
  [0, 114, 178],
  [213, 94, 0],
  [204, 121, 167],
  [160, 110, 80],
] as const;

const GREYS = 16;
const GUTTER = 3;
const OUTLINE = GREYS * (pieceColours.length + 1);
const GAP = OUTLINE + 1;

const shade = (colour: readonly number[] | undefined, grey: number): [number, number, number] => {
  const light = (255 * grey) / (GREYS - 1);
  const of = (c: number) => Math.round(colour ? 0.42 * light + 0.58 * colour[c]! : light);
  return [of(0), of(1), of(2)];
};
const colours = [
  ...[undefined, ...pieceColours].flatMap((colour) =>
    Array.from({ length: GREYS }, (_, grey) => shade(colour, grey)),
  ),
  [255, 255, 255] as const, // outline
  [0, 0, 0] as const, // gap
];

/**
 * A section through a neuron, in panels from left to right: raw; the neuron as the truth has it; and each segmentation. There, what
 * the neuron is divided among is coloured, the largest piece as the neuron itself, wherever it goes: a second colour inside
 * of the white outline is a split, colour outside of it a merge. Labels with less than 2 % of it stay grey.
 *
 * @returns PNG
 */
export function neuronPicture({
  shape,
  raw,
  truth,
  segmentations,
  neuron,
  section,
}: NeuronPicture): Uint8Array {
  const voxels = voxelsOfSection(section, shape);
  const [height, panel] = section.size;
  const panels = 2 + segmentations.length;
  const width = panels * panel + (panels - 1) * GUTTER;
  const pixels = new Uint8Array(width * height).fill(GAP);
  const outline = outlineOf(voxels, truth, neuron, panel);
  const paint = (index: number, colourOf: (voxel: number) => number, outlined: boolean) => {
    const left = index * (panel + GUTTER);
    voxels.forEach((voxel, p) => {
      const at = Math.floor(p / panel) * width + left + (p % panel);
      pixels[at] = outlined && outline[p] ? OUTLINE : GREYS * colourOf(voxel) + (raw[voxel]! >> 4);
    });
  };
  paint(0, () => 0, false);
  paint(1, (voxel) => (truth[voxel] === neuron ? 1 : 0), false);
  segmentations.forEach((labels, i) => {
    const pieces = piecesOf(labels, truth, neuron);
    paint(2 + i, (voxel) => pieces.get(labels[voxel]!) ?? 0, true);
  });
  return encodePng({ width, height, pixels, colours, transparent: GAP });
}

/** A neighbour that takes a few voxels at the membrane is no piece of the neuron. */
const LEAST_SHARE = 0.02;

/** Colour of each label that has a share of the neuron: 1 for the one that has most. */
function piecesOf(labels: Uint32Array, truth: Uint32Array, neuron: number): Map<number, number> {
  const shared = new Map<number, number>();
  for (let v = 0; v < truth.length; v++)
    if (truth[v] === neuron) shared.set(labels[v]!, (shared.get(labels[v]!) ?? 0) + 1);
  const voxels = [...shared.values()].reduce((sum, n) => sum + n, 0);
  const ranked = [...shared]
    .filter(([, n]) => n >= LEAST_SHARE * voxels)
    .toSorted(([a, m], [b, n]) => n - m || a - b);
  return new Map(ranked.map(([label], rank) => [label, Math.min(rank + 1, pieceColours.length)]));
}

/** Pixels of the neuron beside others, within the section. */
function outlineOf(voxels: Uint32Array, truth: Uint32Array, neuron: number, width: number): Uint8Array {
  const inside = (p: number) => truth[voxels[p]!] === neuron;
  return Uint8Array.from(voxels, (_, p) => {
    if (!inside(p)) return 0;
    const column = p % width;
    const beside = [
      column > 0 ? p - 1 : p,
      column < width - 1 ? p + 1 : p,
      p >= width ? p - width : p,
      p + width < voxels.length ? p + width : p,
    ];
    return beside.every(inside) ? 0 : 1;
  });
}

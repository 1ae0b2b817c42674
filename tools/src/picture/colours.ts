/**
 * Colours for neuron ids: points of a two-dimensional low-discrepancy sequence (Roberts' R2), one coordinate the hue, the other
 * the lightness, so that any few ids, consecutive or not, are far apart. In OKLCH rather than HSL: there, equal steps look equally
 * different, and no yellow outshines a blue.
 */
const HUE_STEP = 0.7548776662466927;
const LIGHTNESS_STEP = 0.5698402909980532;

/** sRGB bytes of a label; 0 (background) is near-black. The same id has the same colour in every picture. */
export function labelColour(label: number): [number, number, number] {
  if (label === 0) return [18, 18, 22];
  const hue = 2 * Math.PI * ((label * HUE_STEP) % 1);
  const lightness = 0.54 + 0.32 * ((label * LIGHTNESS_STEP) % 1);
  return oklch(lightness, 0.155, hue);
}

function oklch(lightness: number, chroma: number, hue: number): [number, number, number] {
  const a = chroma * Math.cos(hue);
  const b = chroma * Math.sin(hue);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    encode(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    encode(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    encode(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

function encode(linear: number): number {
  const c = Math.min(1, Math.max(0, linear));
  return Math.round(255 * (c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055));
}

/**
 * Renames labels for show: each takes the id of the reference label it shares most voxels with, largest overlaps first and each
 * reference id once; the rest get fresh ids. Two panels then paint one neuron in one colour, and a split or a merge
 * stands out. Partitions are unchanged. 0 stays 0.
 */
export function matchLabels(labels: Uint32Array, reference: Uint32Array): Uint32Array {
  const shared = new Map<number, Map<number, number>>();
  let highest = 0;
  for (let v = 0; v < labels.length; v++) {
    const label = labels[v] ?? 0;
    const other = reference[v] ?? 0;
    highest = Math.max(highest, other);
    if (label === 0) continue;
    let row = shared.get(label);
    if (row === undefined) shared.set(label, (row = new Map()));
    row.set(other, (row.get(other) ?? 0) + 1);
  }
  const pairs = [...shared].flatMap(([label, row]) =>
    [...row].map(([other, count]) => ({ label, other, count })),
  );
  pairs.sort((a, b) => b.count - a.count || a.label - b.label || a.other - b.other);
  const names = new Map<number, number>([[0, 0]]);
  const taken = new Set<number>([0]);
  for (const { label, other } of pairs) {
    if (names.has(label) || taken.has(other)) continue;
    names.set(label, other);
    taken.add(other);
  }
  for (const label of shared.keys()) if (!names.has(label)) names.set(label, ++highest);
  return labels.map((label) => names.get(label) ?? 0);
}

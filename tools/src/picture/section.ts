import type { Vec3 } from '@tokenunify/em-io';
import { labelColour } from './colours.ts';

/** Where a picture cuts the volume: the plane at `index` across `axis` (0 = z, 1 = y, 2 = x). */
export interface Cut {
  readonly axis: 0 | 1 | 2;
  readonly index: number;
}

/** One column of a montage: what is shown, and its caption. All arrays are C order over the montage's shape. */
export type Panel =
  /** Grey values, shown as they are. */
  | { readonly kind: 'raw'; readonly caption: string; readonly raw: Uint8Array }
  /** `[3, z, y, x]`; 'rgb' paints the z, y, x channels red, green, blue; 'mean' their mean in grey. uint8 (255 = 1) or float. */
  | {
      readonly kind: 'affinities';
      readonly caption: string;
      readonly affinities: Uint8Array | Float32Array;
      readonly mode?: 'rgb' | 'mean';
    }
  /** Neuron ids in colour, outlined, over the grey values if those are given. */
  | {
      readonly kind: 'labels';
      readonly caption: string;
      readonly labels: Uint32Array;
      readonly raw?: Uint8Array;
    };

/** A painted cut: RGB bytes, `height` x `width` voxels, and, for labels, which voxels differ from the one above / to the left. */
export interface PaintedCut {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
  readonly edgeAbove?: Uint8Array;
  readonly edgeLeft?: Uint8Array;
}

/** How strongly the grey values shine through label colours. */
const UNDERLAY = 0.55;

/** Rows and columns of a cut are the two remaining axes in (z, y, x) order. */
export function cutAxes(axis: 0 | 1 | 2): readonly [0 | 1 | 2, 0 | 1 | 2] {
  return axis === 0 ? [1, 2] : axis === 1 ? [0, 2] : [0, 1];
}

/** Paints one panel's cut at one pixel a voxel. */
export function paintCut(panel: Panel, shape: Vec3, cut: Cut): PaintedCut {
  const strides = [shape[1] * shape[2], shape[2], 1] as const;
  const [rowAxis, columnAxis] = cutAxes(cut.axis);
  const [height, width] = [shape[rowAxis], shape[columnAxis]];
  const [rowStride, columnStride] = [strides[rowAxis], strides[columnAxis]];
  const base = cut.index * strides[cut.axis];
  const rgb = new Uint8Array(height * width * 3);
  const paint = pixelPainter(panel, shape);
  for (let row = 0, p = 0; row < height; row++) {
    for (let column = 0; column < width; column++, p += 3) {
      paint(base + row * rowStride + column * columnStride, rgb, p);
    }
  }
  if (panel.kind !== 'labels') return { width, height, rgb };
  const edgeAbove = new Uint8Array(height * width);
  const edgeLeft = new Uint8Array(height * width);
  for (let row = 0, p = 0; row < height; row++) {
    for (let column = 0; column < width; column++, p++) {
      const v = base + row * rowStride + column * columnStride;
      if (row > 0 && panel.labels[v] !== panel.labels[v - rowStride]) edgeAbove[p] = 1;
      if (column > 0 && panel.labels[v] !== panel.labels[v - columnStride]) edgeLeft[p] = 1;
    }
  }
  return { width, height, rgb, edgeAbove, edgeLeft };
}

function pixelPainter(panel: Panel, shape: Vec3): (voxel: number, rgb: Uint8Array, at: number) => void {
  if (panel.kind === 'raw') {
    const { raw } = panel;
    return (voxel, rgb, at) => void rgb.fill(raw[voxel] ?? 0, at, at + 3);
  }
  if (panel.kind === 'affinities') {
    const { affinities } = panel;
    const voxels = shape[0] * shape[1] * shape[2];
    const gain = affinities instanceof Uint8Array ? 1 : 255;
    const channel = (d: number, voxel: number): number => gain * (affinities[d * voxels + voxel] ?? 0);
    if (panel.mode === 'mean') {
      return (voxel, rgb, at) =>
        void rgb.fill(
          Math.round((channel(0, voxel) + channel(1, voxel) + channel(2, voxel)) / 3),
          at,
          at + 3,
        );
    }
    return (voxel, rgb, at) => {
      for (let d = 0; d < 3; d++) rgb[at + d] = Math.round(channel(d, voxel));
    };
  }
  const { labels, raw } = panel;
  const palette = new Map<number, readonly [number, number, number]>();
  return (voxel, rgb, at) => {
    const label = labels[voxel] ?? 0;
    let colour = palette.get(label);
    if (colour === undefined) palette.set(label, (colour = labelColour(label)));
    const light = raw === undefined ? 1 : 1 - UNDERLAY + (UNDERLAY * (raw[voxel] ?? 0)) / 170;
    for (let c = 0; c < 3; c++) rgb[at + c] = Math.min(255, Math.round((colour[c] ?? 0) * light));
  };
}

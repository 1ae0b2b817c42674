import { PNG } from 'pngjs';
import type { Vec3 } from '@tokenunify/em-io';
import { ToolsError } from '../errors.ts';
import { drawText, fitText, FONT_HEIGHT, textWidth } from './font.ts';
import { cutAxes, paintCut, type Cut, type PaintedCut, type Panel } from './section.ts';

export interface MontageOptions {
  /** Shape (z, y, x) of every panel's arrays. */
  readonly shape: Vec3;
  /** The columns, left to right. */
  readonly panels: readonly Panel[];
  /** The rows, top to bottom; default: the middle z section. */
  readonly cuts?: readonly Cut[];
  /** Screen pixels per voxel along the finest axis; default 2. */
  readonly scale?: number;
  /** nm, (z, y, x). Coarse axes are stretched to true proportions, and a scale bar is drawn on the first panel. */
  readonly voxelSize?: Vec3;
}

const GUTTER = 10;
const INK = [32, 32, 36] as const;
const OUTLINE = [12, 12, 14] as const;

/**
 * Draws a volume as a table of sections with captions on white gutters: one column a panel, one row a cut. Returns the PNG file's bytes.
 *
 * @example
 * montage({ shape, voxelSize, panels: [{ kind: 'raw', caption: 'raw', raw }, { kind: 'labels', caption: 'truth', labels, raw }] })
 * @throws ToolsError 'tools/shape-mismatch' if an array does not hold `shape` voxels, 'tools/bad-option' for a cut outside it
 */
export function montage(options: MontageOptions): Uint8Array {
  const { shape, panels, voxelSize, scale = 2 } = options;
  const cuts = options.cuts ?? [{ axis: 0, index: shape[0] >> 1 }];
  check(options, cuts, scale);
  const finest = voxelSize === undefined ? 1 : Math.min(...voxelSize);
  const zoom = (axis: 0 | 1 | 2): number =>
    Math.max(1, Math.round((scale * (voxelSize?.[axis] ?? 1)) / finest));
  const rows = cuts.map((cut) => {
    const [rowAxis, columnAxis] = cutAxes(cut.axis);
    return {
      cut,
      zoomY: zoom(rowAxis),
      zoomX: zoom(columnAxis),
      height: shape[rowAxis] * zoom(rowAxis),
      width: shape[columnAxis] * zoom(columnAxis),
    };
  });
  const columnWidth = Math.max(...rows.map((row) => row.width));
  const textScale = columnWidth >= 240 ? 2 : 1;
  const captionHeight = FONT_HEIGHT * textScale + GUTTER;
  const labelHeight = FONT_HEIGHT + 6;
  const png = new PNG({
    width: GUTTER + panels.length * (columnWidth + GUTTER),
    height: captionHeight + GUTTER + rows.reduce((sum, row) => sum + row.height + labelHeight, 0),
  });
  png.data.fill(255);
  panels.forEach((panel, i) => {
    const left = GUTTER + i * (columnWidth + GUTTER);
    writeText(png, fitText(panel.caption, columnWidth / textScale), left, GUTTER, textScale, INK);
    let top = captionHeight + GUTTER;
    for (const row of rows) {
      enlarge(png, paintCut(panel, shape, row.cut), left, top, row.zoomX, row.zoomY);
      if (i === 0) {
        writeText(png, `${'zyx'[row.cut.axis]} = ${row.cut.index}`, left, top + row.height + 3, 1, INK);
        if (voxelSize !== undefined) {
          scaleBar(png, left, top, row.width, row.height, voxelSize[cutAxes(row.cut.axis)[1]] / row.zoomX);
        }
      }
      top += row.height + labelHeight;
    }
  });
  return PNG.sync.write(png, { colorType: 2 });
}

function check({ shape, panels }: MontageOptions, cuts: readonly Cut[], scale: number): void {
  const voxels = shape[0] * shape[1] * shape[2];
  if (panels.length === 0 || cuts.length === 0 || !Number.isInteger(scale) || scale < 1) {
    throw new ToolsError(
      'tools/bad-option',
      `A montage needs a panel, a cut and a whole scale of at least 1, not ${panels.length}, ${cuts.length} and ${scale}.`,
    );
  }
  for (const { axis, index } of cuts) {
    if (!Number.isInteger(index) || index < 0 || index >= shape[axis]) {
      throw new ToolsError(
        'tools/bad-option',
        `The cut ${'zyx'[axis]} = ${index} is outside the volume: choose one in 0..${shape[axis] - 1}.`,
      );
    }
  }
  for (const panel of panels) {
    const arrays =
      panel.kind === 'raw'
        ? [panel.raw]
        : panel.kind === 'affinities'
          ? [panel.affinities]
          : [panel.labels, ...(panel.raw ? [panel.raw] : [])];
    const wanted = panel.kind === 'affinities' ? 3 * voxels : voxels;
    for (const array of arrays) {
      if (array.length !== wanted) {
        throw new ToolsError(
          'tools/shape-mismatch',
          `Panel '${panel.caption}' holds ${array.length} values where the shape ${shape.join(' x ')} needs ${wanted}.`,
        );
      }
    }
  }
}

function enlarge(png: PNG, cut: PaintedCut, left: number, top: number, zoomX: number, zoomY: number): void {
  const { width, height, rgb, edgeAbove, edgeLeft } = cut;
  for (let y = 0; y < height * zoomY; y++) {
    const row = Math.floor(y / zoomY);
    for (let x = 0; x < width * zoomX; x++) {
      const voxel = row * width + Math.floor(x / zoomX);
      // a line is one screen pixel, so that it hides little of a small neuron
      const outlined =
        (y % zoomY === 0 && edgeAbove?.[voxel] === 1) || (x % zoomX === 0 && edgeLeft?.[voxel] === 1);
      const from = 4 * ((top + y) * png.width + left + x);
      for (let c = 0; c < 3; c++)
        png.data[from + c] = outlined ? OUTLINE[c as 0 | 1 | 2] : (rgb[3 * voxel + c] ?? 0);
    }
  }
}

function writeText(
  png: PNG,
  text: string,
  left: number,
  top: number,
  scale: number,
  ink: readonly number[],
): void {
  drawText(text, (x, y) => fillBox(png, left + x * scale, top + y * scale, scale, scale, ink));
}

/** A white bar of a round length (about a quarter of the panel) in the lower left corner, with its length above it. */
function scaleBar(
  png: PNG,
  left: number,
  top: number,
  width: number,
  height: number,
  nmPerPixel: number,
): void {
  const lengths = [2000, 1000, 500, 200, 100, 50, 20];
  const nm = lengths.find((length) => length / nmPerPixel <= width / 3.2);
  const text = nm === undefined ? '' : nm >= 1000 ? `${nm / 1000} um` : `${nm} nm`;
  const bar = Math.round((nm ?? 0) / nmPerPixel);
  if (nm === undefined || height < 40 || textWidth(text) > width - 16) return;
  fillBox(png, left + 4, top + height - 20, Math.max(bar, textWidth(text)) + 8, 16, [0, 0, 0]);
  fillBox(png, left + 8, top + height - 8, bar, 2, [255, 255, 255]);
  writeText(png, text, left + 8, top + height - 18, 1, [255, 255, 255]);
}

function fillBox(
  png: PNG,
  left: number,
  top: number,
  width: number,
  height: number,
  ink: readonly number[],
): void {
  for (let y = Math.max(0, top); y < Math.min(png.height, top + height); y++) {
    for (let x = Math.max(0, left); x < Math.min(png.width, left + width); x++) {
      for (let c = 0; c < 3; c++) png.data[4 * (y * png.width + x) + c] = ink[c] ?? 0;
    }
  }
}

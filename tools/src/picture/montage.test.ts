import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { isToolsError } from '../errors.ts';
import { labelColour, matchLabels } from './colours.ts';
import { drawText, fitText, textWidth } from './font.ts';
import { montage, type MontageOptions } from './montage.ts';

const shape = [2, 3, 4] as const;
const raw = Uint8Array.from({ length: 24 }, (_, v) => 10 * v);
const labels = Uint32Array.from({ length: 24 }, (_, v) => (v % 4 < 2 ? 1 : 2));

function decode(options: MontageOptions): { png: PNG; pixel: (x: number, y: number) => number[] } {
  const png = PNG.sync.read(Buffer.from(montage(options)));
  return {
    png,
    pixel: (x, y) => [...png.data.subarray(4 * (y * png.width + x), 4 * (y * png.width + x) + 3)],
  };
}

/** Panels start at this pixel when captions are small (narrow panels): gutter 10, caption 7 + 10, gutter 10. */
const [LEFT, TOP] = [10, 27];

describe('montage', () => {
  it('shows every voxel of the chosen section, scaled, in place', () => {
    const { pixel } = decode({
      shape,
      scale: 3,
      cuts: [{ axis: 0, index: 1 }],
      panels: [{ kind: 'raw', caption: 'r', raw }],
    });
    for (let y = 0; y < 3; y++) {
      for (let x = 0; x < 4; x++) {
        const grey = raw[12 + 4 * y + x];
        expect(pixel(LEFT + 3 * x, TOP + 3 * y)).toEqual([grey, grey, grey]);
        expect(pixel(LEFT + 3 * x + 2, TOP + 3 * y + 2)).toEqual([grey, grey, grey]);
      }
    }
    expect(pixel(LEFT - 1, TOP)).toEqual([255, 255, 255]);
    expect(pixel(LEFT + 12, TOP)).toEqual([255, 255, 255]);
  });

  it.each([
    { axis: 1, index: 2, width: 4, height: 2, voxel: (row: number, column: number) => 12 * row + 8 + column },
    {
      axis: 2,
      index: 1,
      width: 3,
      height: 2,
      voxel: (row: number, column: number) => 12 * row + 4 * column + 1,
    },
  ] as const)('cuts across axis $axis', ({ axis, index, width, height, voxel }) => {
    const { png, pixel } = decode({
      shape,
      scale: 1,
      cuts: [{ axis, index }],
      panels: [{ kind: 'raw', caption: '', raw }],
    });
    expect(png.width).toBe(20 + width);
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++)
        expect(pixel(LEFT + column, TOP + row)[0]).toBe(raw[voxel(row, column)]);
    }
  });

  it('paints affinities of z, y and x red, green and blue, or their mean', () => {
    const affinities = Float32Array.from({ length: 72 }, (_, i) => [1, 0.4, 0][Math.floor(i / 24)]);
    const caption = 'a';
    const { pixel } = decode({
      shape,
      scale: 1,
      panels: [
        { kind: 'affinities', caption, affinities },
        { kind: 'affinities', caption, affinities, mode: 'mean' },
        { kind: 'affinities', caption, affinities: Uint8Array.from(affinities, (a) => a * 255) },
      ],
    });
    expect(pixel(LEFT, TOP)).toEqual([255, 102, 0]);
    expect(pixel(LEFT + 14, TOP)).toEqual([119, 119, 119]);
    expect(pixel(LEFT + 28, TOP)).toEqual([255, 102, 0]);
  });

  it('outlines labels where they differ and nowhere else', () => {
    const { pixel } = decode({ shape, scale: 4, panels: [{ kind: 'labels', caption: '', labels }] });
    expect(pixel(LEFT + 8, TOP + 2)).toEqual([12, 12, 14]);
    expect(pixel(LEFT + 4, TOP + 2)).toEqual(labelColour(1));
    expect(pixel(LEFT + 10, TOP + 2)).toEqual(labelColour(2));
  });

  it('stretches thick sections to true proportions', () => {
    const cut = { axis: 1, index: 0 } as const;
    const panels = [{ kind: 'raw', caption: '', raw }] as const;
    const flat = decode({ shape, scale: 2, cuts: [cut], panels }).png;
    const tall = decode({ shape, scale: 2, cuts: [cut], panels, voxelSize: [40, 8, 8] }).png;
    expect(tall.height - flat.height).toBe(2 * 2 * 4);
    expect(tall.width).toBe(flat.width);
  });

  it('draws a scale bar of the stated length', () => {
    const side = [1, 80, 80] as const;
    const black = new Uint8Array(6400).fill(100);
    const { pixel } = decode({
      shape: side,
      scale: 2,
      voxelSize: [10, 10, 10],
      panels: [{ kind: 'raw', caption: '', raw: black }],
    });
    let bar = 0;
    for (let x = 0; x < 160; x++) if (pixel(LEFT + x, TOP + 160 - 7)[0] === 255) bar++;
    // 200 nm at 10 nm a voxel and 2 pixels a voxel
    expect(bar).toBe(40);
  });

  it.each([
    [
      { panels: [{ kind: 'raw', caption: 'em', raw: raw.subarray(1) }] },
      'tools/shape-mismatch',
      /'em' holds 23 .* 2 x 3 x 4 needs 24/,
    ],
    [
      { panels: [{ kind: 'raw', caption: 'em', raw }], cuts: [{ axis: 2, index: 4 }] },
      'tools/bad-option',
      /x = 4 .* 0\.\.3/,
    ],
    [{ panels: [] }, 'tools/bad-option', /needs a panel/],
  ] satisfies [Omit<MontageOptions, 'shape'>, string, RegExp][])(
    'refuses what it cannot draw (%#)',
    (options, code, sentence) => {
      let refusal: unknown;
      try {
        montage({ shape, ...options });
      } catch (error) {
        refusal = error;
      }
      expect(isToolsError(refusal) && refusal.code).toBe(code);
      expect(String(refusal)).toMatch(sentence);
    },
  );
});

describe('labelColour', () => {
  it('keeps the first 24 ids apart from each other and from the background', () => {
    const colours = Array.from({ length: 25 }, (_, id) => labelColour(id));
    for (let a = 0; a < colours.length; a++) {
      for (let b = 0; b < a; b++) {
        const apart = Math.hypot(...colours[a].map((c, i) => c - colours[b][i]));
        expect(apart, `${a} and ${b}`).toBeGreaterThan(25);
      }
    }
  });
});

describe('matchLabels', () => {
  it('gives a label the id of the reference it overlaps most, once, and keeps the partition', () => {
    const reference = Uint32Array.from([1, 1, 1, 1, 2, 2, 2, 0]);
    const split = Uint32Array.from([9, 9, 9, 4, 4, 7, 7, 0]);
    expect([...matchLabels(split, reference)]).toEqual([1, 1, 1, 3, 3, 2, 2, 0]);
  });
});

describe('the caption font', () => {
  it('draws a letter as designed', () => {
    const rows = Array.from({ length: 7 }, () => [...'.....']);
    drawText('A', (x, y) => (rows[y][x] = '#'));
    expect(rows.map((row) => row.join(''))).toEqual([
      '.###.',
      '#...#',
      '#...#',
      '#####',
      '#...#',
      '#...#',
      '#...#',
    ]);
  });

  it('has a glyph of its own for every printable ASCII character', () => {
    const drawings = Array.from({ length: 95 }, (_, i) => {
      const pixels: string[] = [];
      drawText(String.fromCharCode(32 + i), (x, y) => pixels.push(`${x},${y}`));
      return pixels.join(' ');
    });
    expect(new Set(drawings).size).toBe(95);
  });

  it('cuts a text that is too long and says so', () => {
    expect(fitText('affinities', 30)).toBe('aff..');
    expect(textWidth('aff..')).toBeLessThanOrEqual(30);
    expect(fitText('raw', 30)).toBe('raw');
  });
});

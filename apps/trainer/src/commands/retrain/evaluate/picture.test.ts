import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { neuronPicture } from './picture.ts';
import { encodePng } from './png.ts';
import { largestSection, voxelsOfSection } from './section.ts';

/** What a viewer reads: chunks by their length, each with a checksum. */
function decode(png: Uint8Array) {
  const view = Buffer.from(png);
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < view.length;) {
    const length = view.readUInt32BE(at);
    chunks.set(view.toString('latin1', at + 4, at + 8), view.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  const [width, height] = [chunks.get('IHDR')!.readUInt32BE(0), chunks.get('IHDR')!.readUInt32BE(4)];
  const rows = inflateSync(chunks.get('IDAT')!);
  const pixel = (x: number, y: number) => {
    const colour = rows[y * (width + 1) + 1 + x]!;
    return [...chunks.get('PLTE')!.subarray(3 * colour, 3 * colour + 3)];
  };
  return { width, height, pixel, names: [...chunks.keys()], alpha: chunks.get('tRNS') };
}

describe('a PNG', () => {
  it('is byte by byte what the standard says', () => {
    const png = encodePng({ width: 1, height: 1, pixels: Uint8Array.of(0), colours: [[1, 2, 3]] });
    const hex = Buffer.from(png).toString('hex');
    // checksums as libpng writes them for the same chunks
    expect(hex.slice(0, 66)).toBe(
      '89504e470d0a1a0a' + '0000000d' + '49484452' + '00000001000000010803000000' + '28cb34bb',
    );
    expect(hex.slice(-24)).toBe('00000000' + '49454e44' + 'ae426082');
  });

  it('has the pixels that it was given', () => {
    const colours = [[0, 0, 0] as const, [255, 0, 0] as const, [0, 255, 0] as const];
    const image = { width: 3, height: 2, pixels: Uint8Array.of(0, 1, 2, 2, 1, 0), colours, transparent: 0 };
    const { width, height, pixel, names, alpha } = decode(encodePng(image));
    expect([width, height, names]).toEqual([3, 2, ['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND']]);
    expect([pixel(1, 0), pixel(2, 0), pixel(0, 1)]).toEqual([
      [255, 0, 0],
      [0, 255, 0],
      [0, 255, 0],
    ]);
    expect([...alpha!]).toEqual([0, 255, 255]);
  });

  it('is refused when a pixel has no colour, or there are too few pixels', () => {
    const image = { width: 1, height: 1, pixels: Uint8Array.of(1), colours: [[1, 2, 3] as const] };
    expect(() => encodePng(image)).toThrow('Colour 1 of 1');
    expect(() => encodePng({ ...image, width: 2 })).toThrow('1 pixels');
  });
});

describe('the section through a neuron', () => {
  const shape = [6, 80, 300] as const;
  const labels = new Uint32Array(6 * 80 * 300);
  const fill = (id: number, z: number, y: [number, number], x: [number, number]) => {
    for (let r = y[0]; r < y[1]; r++) for (let c = x[0]; c < x[1]; c++) labels[(z * 80 + r) * 300 + c] = id;
  };
  fill(5, 2, [10, 12], [100, 104]);
  fill(5, 3, [10, 20], [100, 130]);
  fill(6, 4, [0, 80], [0, 290]);

  it('is where it has most voxels, with room around it inside of the box', () => {
    const section = largestSection(labels, shape, 5)!;
    expect(section).toMatchObject({
      axis: 0,
      at: [3, expect.any(Number), expect.any(Number)],
      size: [64, 64],
      step: 1,
    });
    expect(labels[(section.at[0] * 80 + section.at[1]) * 300 + section.at[2]]).toBe(5);
    expect(section.from[0]).toBe(0); // the neuron lies at the edge
    expect(section.from[1]).toBe(83);
  });

  it('of a large neuron leaves voxels out', () => {
    const section = largestSection(labels, shape, 6)!;
    expect(section).toMatchObject({ step: 3, from: [0, 0], size: [27, 100] });
    const voxels = voxelsOfSection(section, shape);
    expect(voxels.length).toBe(27 * 100);
    expect(voxels[1]! - voxels[0]!).toBe(3);
    expect(voxels.every((voxel) => Math.floor(voxel / (80 * 300)) === 4)).toBe(true);
  });

  it('lies across z alone where only that is asked for, and nowhere for a neuron that is not there', () => {
    const column = new Uint32Array(4 * 4 * 4);
    for (let z = 0; z < 4; z++) column[z * 16] = 1;
    expect(largestSection(column, [4, 4, 4], 1)!.axis).toBe(1);
    expect(largestSection(column, [4, 4, 4], 1, [0])!.axis).toBe(0);
    expect(largestSection(column, [4, 4, 4], 2)).toBeUndefined();
  });
});

it('a picture shows a split as another colour inside, and a merge as colour outside of the outline', () => {
  const shape = [1, 4, 8] as const;
  const raw = new Uint8Array(32).fill(128);
  // the neuron is the left half; the first model halves it, the second joins it with the right half
  const truth = Uint32Array.from({ length: 32 }, (_, v) => (v % 8 < 4 ? 1 : 2));
  const split = Uint32Array.from({ length: 32 }, (_, v) => (v % 8 < 4 ? (v < 24 ? 7 : 8) : 9));
  const merged = new Uint32Array(32).fill(3);
  const section = largestSection(truth, shape, 1, [0])!;
  const picture = { shape, raw, truth, neuron: 1, segmentations: [split, merged], section };
  const { width, height, pixel } = decode(neuronPicture(picture));
  expect([width, height]).toEqual([4 * 8 + 3 * 3, 4]);
  const grey = pixel(0, 0);
  const own = pixel(11 + 1, 1);
  expect(new Set(grey).size).toBe(1);
  expect(own).not.toEqual(grey);
  expect(pixel(11 + 6, 1)).toEqual(grey); // the truth's other neuron
  expect(pixel(22 + 1, 1)).toEqual(own); // the larger piece, inside of the outline
  expect(pixel(22 + 3, 1)).toEqual([255, 255, 255]);
  expect([grey, own]).not.toContainEqual(pixel(22 + 0, 3)); // the smaller piece
  expect(pixel(22 + 6, 1)).toEqual(grey);
  expect(pixel(33 + 6, 1)).toEqual(own); // what it is merged with
});

import { deflateSync } from 'node:zlib';

/** An indexed picture: one byte a pixel, at most 256 colours. */
export interface IndexedImage {
  readonly width: number;
  readonly height: number;
  /** Row by row, each an index of a colour. */
  readonly pixels: Uint8Array;
  /** sRGB bytes. */
  readonly colours: readonly (readonly [number, number, number])[];
  /** Index of the colour that is not painted. */
  readonly transparent?: number;
}

/**
 * A PNG file (ISO/IEC 15948) of colour type 3. Sections of EM have no flat areas, so few colours make smaller files than
 * many bits.
 *
 * @throws RangeError when pixels do not fill the picture or name a colour that is not there
 */
export function encodePng({ width, height, pixels, colours, transparent }: IndexedImage): Uint8Array {
  if (pixels.length !== width * height || width === 0 || height === 0)
    throw new RangeError(`A picture of ${width} x ${height} has ${pixels.length} pixels.`);
  const most = pixels.reduce((a, b) => Math.max(a, b), 0);
  if (colours.length > 256 || most >= colours.length)
    throw new RangeError(`Colour ${most} of ${colours.length} is not there.`);
  const rows = new Uint8Array(height * (width + 1)); // each row behind a 0: not filtered
  for (let y = 0; y < height; y++) rows.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, 8); // bits
  header.setUint8(9, 3); // colour type: indexed
  const alpha =
    transparent === undefined
      ? []
      : [
          chunk(
            'tRNS',
            Uint8Array.from(colours, (_, i) => (i === transparent ? 0 : 255)),
          ),
        ];
  return Buffer.concat([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk('IHDR', new Uint8Array(header.buffer)),
    chunk('PLTE', Uint8Array.from(colours.flat())),
    ...alpha,
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const out = Buffer.alloc(data.length + 12);
  out.writeUInt32BE(data.length, 0);
  out.write(type, 4, 'latin1');
  out.set(data, 8);
  out.writeUInt32BE(crc(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
}

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

/** zlib.crc32 came with Node 22.2 only. */
function crc(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) c = table[(c ^ byte) & 255]! ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

/**
 * Writes a small volume of bright cells with dark membranes, uint8, as an npy file, so that the examples have something to
 * segment: `node make-sample.js OUT.npy [SEED]`.
 */
import { writeFileSync } from 'node:fs';

const [out, seed = '1'] = process.argv.slice(2);
const shape = [32, 64, 64];

// any generator of random numbers will do; this one is the same everywhere
let state = Number(seed);
const random = () => (state = (state * 1103515245 + 12345) % 2 ** 31) / 2 ** 31;

const centres = Array.from({ length: 14 }, () => shape.map((length) => random() * length));
const voxels = new Uint8Array(shape[0] * shape[1] * shape[2]);
for (let z = 0, v = 0; z < shape[0]; z++)
  for (let y = 0; y < shape[1]; y++)
    for (let x = 0; x < shape[2]; x++, v++) {
      const [nearest, second] = centres
        .map((centre) => Math.hypot(centre[0] - z, centre[1] - y, centre[2] - x))
        .sort((a, b) => a - b);
      voxels[v] = (second - nearest < 2.5 ? 50 : 180) + Math.floor(random() * 20);
    }

// npy, version 1.0: magic, version, length of the header, header padded to 64 bytes, voxels in C order
const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`;
const length = Math.ceil((10 + header.length + 1) / 64) * 64 - 10;
const head = `\x93NUMPY\x01\x00${String.fromCharCode(length % 256, length >> 8)}${header.padEnd(length - 1)}\n`;
writeFileSync(out, new Uint8Array([...Array.from(head, (letter) => letter.charCodeAt(0)), ...voxels]));

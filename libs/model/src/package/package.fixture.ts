import { tinyModel } from '../inference/tiny-model.fixture.ts';
import type { ModelPackageInput } from './types.ts';

/** A version 1.0 npy file of the grey value 128, as it is or scaled: the test model copies its input. */
export function npy(descr: '|u1' | '<f4', shape: readonly number[]): Uint8Array {
  const dictionary = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`;
  const header = dictionary.padEnd(Math.ceil((10 + dictionary.length + 1) / 64) * 64 - 11) + '\n';
  const size = shape.reduce((a, b) => a * b, descr === '|u1' ? 1 : 4);
  const bytes = new Uint8Array(10 + header.length + size);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8]);
  bytes.set(new TextEncoder().encode(header), 10);
  const data = bytes.subarray(10 + header.length);
  if (descr === '|u1') data.fill(128);
  else
    new Uint8Array(new Float32Array(size / 4).fill(128 * (1 / 255)).buffer).forEach(
      (byte, i) => (data[i] = byte),
    );
  return bytes;
}

export const packageInput: ModelPackageInput = {
  name: 'TokenUnify nano (test)',
  version: '0.1.0',
  description: 'Copies its input into three affinities.',
  preset: 'nano',
  model: tinyModel('copies', [2, 4, 6]),
  opsetVersion: 17,
  tileShape: [2, 4, 6],
  minimumShape: [1, 2, 2],
  inputScale: { offset: 0, scale: 1 / 255 },
  voxelSize: [10, 10, 10],
  postprocessing: { watershed: { mode: '3d' }, agglomeration: { scoring: 'mean', threshold: 0.5 } },
  metrics: { voi: { split: 0.5, merge: 0.25, total: 0.75 } },
  training: { data: 'none', steps: 0 },
  modelCard: '# A test\n',
  license: 'Apache-2.0',
  authors: [{ name: 'The TokenUnify authors' }],
  cite: [{ text: 'TokenUnify', url: 'https://example.org/tokenunify' }],
  testInput: npy('|u1', [1, 1, 2, 4, 6]),
  testOutput: npy('<f4', [1, 3, 2, 4, 6]),
  timestamp: '2026-11-24T00:00:00Z',
};

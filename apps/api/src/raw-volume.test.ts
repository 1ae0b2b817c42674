import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { npyOf } from './npy.fixture.ts';
import { isApiProblem } from './problem.ts';
import { readRawVolume } from './raw-volume.ts';

const limits = { maxVoxels: 500, minimumShape: [1, 2, 2] };

describe('reading a volume from a body', () => {
  it('finds a volume or says what is wrong, whatever bytes are changed, cut or added', async () => {
    const edit = fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) });
    const base = fc.constantFrom(npyOf('uint8', [3, 4, 5]), npyOf('float32', [2, 2, 2]), new Uint8Array(200));
    await fc.assert(
      fc.asyncProperty(base, fc.array(edit, { maxLength: 6 }), fc.nat(300), async (bytes, edits, length) => {
        const body = new Uint8Array(length > 150 ? bytes.length : length);
        body.set(bytes.subarray(0, body.length));
        for (const { at, byte } of edits) if (body.length > 0) body[at % body.length] = byte;
        const volume = await readRawVolume(body, limits).catch((error: unknown) => error);
        if (isApiProblem(volume)) {
          expect([400, 413, 422]).toContain(volume.status);
          expect(volume.message).toMatch(/\.$/);
        } else {
          expect(volume).toMatchObject({ dtype: expect.stringMatching(/^(uint8|float32)$/) });
        }
      }),
      { numRuns: 500 },
    );
  });

  it('finds the one bad voxel of many, and where it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(119), fc.constantFrom(NaN, -Infinity, -0.5, 255.5), async (index, value) => {
        const bytes = npyOf('float32', [4, 5, 6], 7);
        new DataView(bytes.buffer).setFloat32(bytes.length - 4 * (120 - index), value, true);
        const at = [Math.floor(index / 30), Math.floor(index / 6) % 5, index % 6];
        await expect(readRawVolume(bytes, limits)).rejects.toMatchObject({
          code: Number.isFinite(value) ? 'voxel-out-of-range' : 'voxel-not-finite',
          message: expect.stringContaining(`[${at.join(', ')}] is ${value}`),
        });
      }),
    );
  });
});

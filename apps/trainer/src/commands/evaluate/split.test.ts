import { describe, expect, it } from 'vitest';
import type { LabelledBlock } from '../../sampling/load.ts';
import { checkTuneBox, seenInTraining } from './split.ts';

const scored: LabelledBlock = {
  source: 'x.h5',
  location: 'x.h5',
  shape: [10, 4, 10],
  volumeShape: [10, 20, 10],
  box: { start: [0, 16, 0], stop: [10, 20, 10] },
  raw: new Uint8Array(400),
  labels: new Uint32Array(400),
};

describe('the box that tunes the baseline', () => {
  it('may touch the scored box', () => {
    expect(() => checkTuneBox(':,0:16,:', scored)).not.toThrow();
    expect(() => checkTuneBox(undefined, scored)).not.toThrow();
  });
  it('must not share a voxel with it', () => {
    expect(() => checkTuneBox(':,0:17,:', scored)).toThrow(/overlaps the scored box/);
    expect(() => checkTuneBox(':,:,:', scored)).toThrow(/overlaps the scored box/);
  });
});

describe('a score on training voxels', () => {
  const raw = 'data/x.h5:/volumes/raw';
  it('is called training error, wherever the volume is kept', () => {
    const state = { raw: '/elsewhere/x.h5:/volumes/raw', box: ':,0:17,:' };
    expect(seenInTraining('c', state, raw, scored)).toMatch(/trained on :,0:17,:, .* training error/);
    expect(seenInTraining('c', { ...state, box: null }, raw, scored)).toMatch(/the whole volume/);
  });
  it('is not said of other voxels, datasets or volumes', () => {
    expect(seenInTraining('c', { raw, box: ':,0:16,:' }, raw, scored)).toBeUndefined();
    expect(seenInTraining('c', { raw: 'y.h5:/volumes/raw', box: null }, raw, scored)).toBeUndefined();
    expect(seenInTraining('c', { raw: 'x.h5:/other', box: null }, raw, scored)).toBeUndefined();
    expect(seenInTraining('c', { raw, box: ':,0:99,:' }, raw, scored)).toBeUndefined();
  });
});

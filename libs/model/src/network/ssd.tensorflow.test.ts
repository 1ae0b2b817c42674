import { beforeAll, expect, it } from 'vitest';
import { openEngine, type Engine } from '../engines/engine.ts';
import { describeTensorflow } from '../engines/tensorflow.fixture.ts';
import { relativeError, uniform } from './small.fixture.ts';
import {
  draw,
  forgetting,
  keeping,
  mild,
  mixed,
  names,
  recurrence,
  recurrenceGradients,
  scan,
  scanGradients,
} from './ssd.fixture.ts';

const sizes = { n: 1, d: 1, h: 2, p: 3, s: 4 };
const decays = { mild, keeping, forgetting, mixed, 'of one': () => 0 };
/** Relative error, as it is promised. */
const allowed = (tokens: number) => (tokens <= 1024 ? 1e-5 : 1e-4);

describeTensorflow('the scan of long sequences is the recurrence in float64, token by token:', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine('tensorflow');
  });

  for (const [name, decay] of Object.entries(decays)) {
    it.each([1023, 4097, 65_535, 65_536])(`%i tokens, decays ${name}`, (k) => {
      const size = { ...sizes, k };
      const arrays = draw(size, decay);
      expect(relativeError(scan(engine.ops, arrays, size), recurrence(arrays, size))).toBeLessThan(
        allowed(k),
      );
    });

    it.each([1023, 65_535])(`gradients of %i tokens, decays ${name}`, (k) => {
      const size = { ...sizes, k };
      const arrays = draw(size, decay);
      const w = uniform([k * 6], 9);
      const actual = scanGradients(engine.ops, arrays, { sizes: size, w });
      const expected = recurrenceGradients(arrays, size, w);
      for (const input of names)
        // of decays that forget everything nothing is left in float32
        if (name !== 'forgetting' || input !== 'logDecay')
          expect(relativeError(actual[input], expected[input]), input).toBeLessThan(allowed(k));
    });
  }
});

import { beforeAll, expect, it } from 'vitest';
import { openEngine, type Engine } from '../engines/engine.ts';
import { describeTensorflow } from '../engines/tensorflow.fixture.ts';
import { relativeError } from '../network/small.fixture.ts';
import { differentiate, gradientCases } from './tensor-ops-gradients.fixture.ts';

describeTensorflow('gradients of ours, on the native engine,', () => {
  let [native, cpu]: Engine[] = [];
  beforeAll(async () => {
    native = await openEngine('tensorflow');
    cpu = await openEngine('cpu');
  });
  const on = (engine: Engine, run: (engine: Engine) => Float32Array[]) => {
    engine.activate();
    return run(engine);
  };

  it.each(Object.entries(gradientCases))(
    'are those of the cpu engine, and of TensorFlow.js: %s',
    (_, { inputs, ours, theirs }) => {
      const actual = on(native!, ({ tf, ops }) => differentiate(tf, inputs, (xs) => ours(ops, xs)));
      const expected = [
        on(cpu!, ({ tf, ops }) => differentiate(tf, inputs, (xs) => ours(ops, xs))),
        on(native!, ({ tf }) => differentiate(tf, inputs, (xs) => theirs(tf, xs))),
      ];
      for (const other of expected)
        for (const [i, values] of other.entries())
          expect(relativeError(actual[i]!, values), i === 0 ? 'value' : `gradient ${i}`).toBeLessThan(1e-5);
    },
  );
});

import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { openEngine, type Engine, type EngineName } from '../engines/engine.ts';
import { cases as primitives } from '../onnx/operations.fixture.ts';
import type { ParityCase } from '../onnx/parity.fixture.ts';
import { ShapeOps } from '../ops/shape-ops.ts';
import { compute, difference, type Numbers } from './compute.fixture.ts';
import { losses } from './losses.fixture.ts';
import { modules } from './modules.fixture.ts';
import { manyAxes } from './many-axes.fixture.ts';
import { trainingTests } from './training.fixture.ts';

/** fp32 sums in another order differ by 1e-6; a wrong gradient by 1e-1 or more. */
const TOLERANCE = 1e-4;

const operations: Record<string, ParityCase> = { ...primitives, ...manyAxes };

/**
 * Every operation of `Ops`, every module and every loss, forward and gradient: an engine against `cpu`, which the tests
 * of each part hold against its definition. Then a short training. At its end it says what it covered.
 *
 * @param describe registers the suite where the engine is, and says aloud where it is not
 */
export function paritySuite(
  name: Exclude<EngineName, 'cpu'>,
  describe: (name: string, suite: () => void) => void,
): void {
  describe(`${name} computes what cpu does, forward and gradient, within ${TOLERANCE}:`, () => {
    let engine: Engine;
    let cpu: Engine;
    const covered = {
      operations: new Map<string, number>(),
      modules: new Set<string>(),
      losses: new Set<string>(),
    };
    const worst = { error: 0, where: 'nothing' };

    beforeAll(async () => {
      engine = await openEngine(name);
      // small tensors that come from the process would be computed on the processor: then nothing would be compared
      if (name === 'webgpu') engine.tf.env().set('WEBGPU_CPU_FORWARD', false);
      cpu = await openEngine('cpu');
    });
    beforeEach(async () => {
      try {
        engine.activate();
      } catch {
        engine.dispose(); // one case broke it: the others are still to be seen
        engine = await openEngine(name);
      }
    });
    afterAll(() => {
      const list = [...covered.operations].map(([name, cases]) => (cases > 1 ? `${name} x ${cases}` : name));
      console.log(
        [
          `parity of ${name} (${engine.device.kind}: ${engine.device.name}) with cpu (${cpu.device.name}), forward and gradient`,
          `  largest difference ${worst.error.toExponential(1)} of ${TOLERANCE}: ${worst.where}`,
          `  operations ${covered.operations.size}: ${list.join(', ')}`,
          `  modules ${covered.modules.size}: ${[...covered.modules].join('; ')}`,
          `  losses ${covered.losses.size}: ${[...covered.losses].join('; ')}`,
        ].join('\n'),
      );
      engine.dispose();
    });

    const compare = async (what: string, run: (engine: Engine) => Promise<Numbers>) => {
      const expected = await run(cpu);
      const { worst: error, where } = difference(await run(engine), expected);
      expect(error, where).toBeLessThan(TOLERANCE);
      if (error > worst.error) Object.assign(worst, { error, where: `${what}, ${where}` });
    };

    it.each(Object.keys(operations))('operation %s', async (key) => {
      await compare(key, (on) => compute(on, operations[key]!));
      const operation = key.split(':')[0]!;
      covered.operations.set(operation, (covered.operations.get(operation) ?? 0) + 1);
    });

    it.each(Object.keys(modules))('module %s', async (key) => {
      await compare(key, (on) => compute(on, modules[key] as ParityCase));
      covered.modules.add(key);
    });

    it.each(Object.keys(losses))('loss %s', async (key) => {
      await compare(key, losses[key]!);
      covered.losses.add(key);
    });

    trainingTests(() => ({ engine, cpu }));

    it('nothing is left out: every operation of Ops was compared', () => {
      const names = Object.getOwnPropertyNames(ShapeOps.prototype).filter((name) => name !== 'constructor');
      expect(names.filter((operation) => !covered.operations.has(operation))).toEqual([]);
      expect(covered.modules.size).toBe(Object.keys(modules).length);
      expect(covered.losses.size).toBe(Object.keys(losses).length);
    });
  });
}

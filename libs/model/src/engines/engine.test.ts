import * as tf from '@tensorflow/tfjs';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isModelError } from '../errors.ts';
import { openEngine, type EngineChoice } from './engine.ts';
import { measureEngine } from './measure.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'engine-'));
  vi.stubEnv('TOKENUNIFY_TENSORFLOW', root); // nothing else is searched then, and it is empty
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

/** A build that is found but does not load. */
function installBroken(): void {
  const directory = join(root, 'node_modules', '@tensorflow', 'tfjs-node');
  mkdirSync(join(directory, 'lib', 'napi-v8'), { recursive: true });
  writeFileSync(join(directory, 'lib', 'napi-v8', 'tfjs_binding.node'), '');
  writeFileSync(join(directory, 'package.json'), '{"main":"index.js"}');
  writeFileSync(join(directory, 'index.js'), "throw new Error('built for another machine')");
}

const refusal = async (choice: EngineChoice): Promise<string> => {
  const error: unknown = await openEngine(choice).catch((thrown: unknown) => thrown);
  if (!isModelError(error, 'model/engine')) throw new Error(`not refused: ${String(error)}`);
  return error.message;
};

describe('choosing an engine', () => {
  it('tensorflow without a build is refused with the command that mends it, never replaced', async () => {
    expect(await refusal('tensorflow')).toBe(
      `There is no native TensorFlow build in ${root}; run \`npm run setup:tensorflow\`.`,
    );
  });

  it('auto without a build is the cpu, with advice how to get a faster one', async () => {
    expect(await openEngine('auto')).toMatchObject({ name: 'cpu', advice: 'npm run setup:tensorflow' });
    expect(tf.getBackend()).toBe('cpu');
  });

  it('cpu is the cpu also where there is a build, and needs no advice then', async () => {
    installBroken();
    const engine = await openEngine('cpu');
    expect(engine.name).toBe('cpu');
    expect(engine.advice).toBeUndefined();
  });

  it('auto with a build that does not load is refused, not slowed down a hundred times in silence', async () => {
    installBroken();
    expect(await refusal('auto')).toMatch(
      /does not load \(built for another machine\); run `npm run setup:tensorflow -- --force`\.$/,
    );
  });
});

describe('an engine', () => {
  it('becomes current at once when it is activated', async () => {
    const engine = await openEngine('cpu');
    const elsewhere = Object.create(tf.findBackend('cpu')) as ReturnType<typeof tf.findBackend>;
    tf.registerBackend('elsewhere', () => elsewhere);
    try {
      await tf.setBackend('elsewhere');
      engine.activate();
      expect(tf.getBackend()).toBe('cpu');
      expect([...engine.ops.exp(tf.zeros([1, 2])).dataSync()]).toEqual([1, 1]);
    } finally {
      engine.activate();
      tf.removeBackend('elsewhere');
    }
  });

  it('keeps constants of its own', async () => {
    const [first, second] = [await openEngine('cpu'), await openEngine('cpu')];
    expect(first.ops).not.toBe(second.ops);
    const values = Float32Array.of(1);
    expect(first.ops.constant(values, [1]).id).not.toBe(second.ops.constant(values, [1]).id);
  });

  it('is measured, by the clock given, without leaving a tensor', async () => {
    const engine = await openEngine('cpu');
    const before = tf.memory().numTensors;
    let clock = 0;
    const speed = await measureEngine(engine, () => (clock += 5)); // every measurement takes 5 ms
    expect(speed.matmulGflops).toBeCloseTo((2 * 256 ** 3) / 5e6, 6);
    expect(speed.conv3dGflops).toBeCloseTo((2 * 12 ** 3 * 27 * 16 * 16) / 5e6, 6);
    expect(tf.memory().numTensors).toBe(before);
  });
});

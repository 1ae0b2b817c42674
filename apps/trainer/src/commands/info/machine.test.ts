import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isModelError, type Engine, type EngineChoice } from '@tokenunify/model';
import { lines } from './lines.ts';
import { engines, machine, oneEngine, type Engines } from './machine.ts';

const speeds = { matmulGflops: 1234.5, conv3dGflops: 0.45678, conv3dWithGradientsGflops: 99.99 };

/** A machine with a GPU for TensorFlow, whose other engines are this machine's. */
function withGpu() {
  const opened: unknown[] = [];
  let disposed = 0;
  const fake: Engines = {
    open: async (choice: EngineChoice, options) => {
      opened.push([choice, options.gpu]);
      if (choice === 'webgpu') return engines.open('webgpu', { gpu: true });
      const name = choice === 'cpu' ? 'cpu' : 'tensorflow';
      const engine: Partial<Engine> = {
        name,
        device: name === 'cpu' ? { kind: 'cpu', name: 'a processor' } : { kind: 'gpu', name: 'NVIDIA X' },
        dispose: () => void disposed++,
      };
      return engine as Engine; // no more of it is asked for
    },
    measure: () => Promise.resolve(speeds),
    tensorflowVersion: () => Promise.resolve('2.21.0'),
  };
  return { fake, opened, disposed: () => disposed };
}

const refusal = async (work: Promise<unknown>) => {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  if (!isModelError(error, 'model/engine')) throw new Error(`not refused: ${String(error)}`);
  return error.message;
};

describe('info tells', () => {
  it('of each engine its device and speeds, of TensorFlow its version, of one that is missing why', async () => {
    const { fake, opened, disposed } = withGpu();
    const facts = await machine(fake);
    expect(facts['engines']).toMatchObject({
      tensorflow: {
        device: 'gpu',
        name: 'NVIDIA X',
        version: '2.21.0',
        matmulGflops: 1230,
        conv3dGflops: 0.457,
        conv3dWithGradientsGflops: 100,
      },
      webgpu: expect.any(String) as string,
      cpu: { device: 'cpu', name: 'a processor' },
    });
    expect(opened).toEqual([
      ['tensorflow', false],
      ['webgpu', false],
      ['cpu', false],
    ]);
    expect(disposed()).toBe(2);
    expect(facts['presets']).toHaveProperty('nano');
  });

  it('of one engine alone, where a GPU was asked for', async () => {
    const { fake, opened } = withGpu();
    const facts = await oneEngine('auto', true, fake);
    expect(opened).toEqual([['auto', true]]);
    expect(lines(facts).join('\n')).toMatch(
      /^engines\n {2}tensorflow\n {4}device +gpu\n {4}name +NVIDIA X$/m,
    );
  });

  it('a fault that is no missing engine is not passed over', async () => {
    const { fake } = withGpu();
    const broken = { ...fake, measure: () => Promise.reject(new TypeError('a bug')) };
    await expect(machine(broken)).rejects.toThrow('a bug');
  });
});

/** Set where there is a GPU, so that the other test runs there. */
const hasGpu = process.env['TOKENUNIFY_REQUIRE_GPU'] === '1';

describe.skipIf(hasGpu)('without a GPU', () => {
  it.each(['auto', 'tensorflow', 'webgpu', 'cpu'] as const)(
    'engine %s with a GPU asked for is an error, never another engine',
    async (choice) => {
      expect(await refusal(oneEngine(choice, true))).toMatch(/GPU.*(run|use) /);
    },
  );
});

it('the process ends with 1 and one sentence', () => {
  const program = fileURLToPath(new URL('../../../bin/tokenunify.js', import.meta.url));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [program, 'info', '--engine', 'cpu', '--gpu'],
    {
      encoding: 'utf8',
    },
  );
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/^tokenunify: A GPU was asked for, and engine cpu uses none; use [^\n]*\.\n$/);
});

if (!hasGpu) console.log('SKIPPED: info on a GPU; TOKENUNIFY_REQUIRE_GPU=1 is set where there is one');

describe.runIf(hasGpu)('with a GPU', () => {
  it('it is what computes', async () => {
    const facts = await oneEngine('auto', true);
    expect(Object.values(facts['engines'] as object)).toEqual([expect.objectContaining({ device: 'gpu' })]);
  });
});

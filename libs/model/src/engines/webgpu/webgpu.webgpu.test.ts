import { spawnSync } from 'node:child_process';
import * as tf from '@tensorflow/tfjs';
import { afterEach, expect, it } from 'vitest';
import { isModelError } from '../../errors.ts';
import { relativeError, uniform } from '../../network/small.fixture.ts';
import { openEngine, type Engine } from '../engine.ts';
import { describeWebgpu } from './webgpu.fixture.ts';

const opened: Engine[] = [];
afterEach(() => {
  for (const engine of opened.splice(0)) engine.dispose();
});

async function open(): Promise<Engine> {
  const engine = await openEngine('webgpu');
  opened.push(engine);
  return engine;
}

const faultOf = async (run: () => unknown): Promise<string> => {
  const error: unknown = await Promise.resolve()
    .then(run)
    .catch((thrown: unknown) => thrown);
  if (!isModelError(error, 'model/engine')) throw new Error(`not an engine's error: ${String(error)}`);
  return error.message;
};

describeWebgpu('the engine webgpu', () => {
  it('says what it computes on, and computes there', async () => {
    const engine = await open();
    expect(engine.device.name).not.toBe('');
    expect(['gpu', 'software']).toContain(engine.device.kind);
    engine.activate();
    const sum = tf.tidy(() =>
      tf
        .ones([3, 4])
        .matMul(tf.ones([4, 3]))
        .sum(),
    );
    expect([...(await sum.data())]).toEqual([36]);
    sum.dispose();
  });

  it('is refused on a device that is no GPU, unless that is permitted', async () => {
    const { device } = await open();
    if (device.kind === 'gpu') return;
    expect(await faultOf(() => openEngine('webgpu', { environment: {} }))).toContain(`only ${device.name}`);
    expect(await faultOf(() => openEngine('webgpu', { gpu: true }))).toContain(`only ${device.name}`);
  });

  it('is one GPU for all who open it, until the last of them lets go', async () => {
    const [first, second] = await Promise.all([open(), open()]);
    first!.dispose();
    expect(await faultOf(() => first!.activate())).toMatch(/was disposed of; open it again\.$/);
    second!.activate();
    expect([...(await tf.add(1, 2).data())]).toEqual([3]);
    second!.dispose();
    expect(tf.engine().registryFactory).not.toHaveProperty('webgpu');
    (await open()).activate();
    expect([...(await tf.add(2, 2).data())]).toEqual([4]);
  });

  it('says what is too large, and what to do; a new one works again', async () => {
    const engine = await open();
    engine.activate();
    const x = tf.tidy(() => tf.ones([1 << 16, 1]).add(tf.ones([1, 1 << 15]))); // 8 GiB
    expect(await faultOf(() => x.data())).toMatch(
      /has too little memory for this step \(Buffer size \(8589934592\) exceeds .*; use a smaller crop, smaller micro-batches/,
    );
    expect(await faultOf(() => engine.activate())).toMatch(/too little memory/);
    x.dispose();
    (await open()).activate();
    expect([...(await tf.add(2, 3).data())]).toEqual([5]);
  });

  it('a GPU that is lost is an error that says so, while reading and after', async () => {
    const engine = await open();
    engine.activate();
    const x = tf.tidy(() => tf.ones([5000]).square());
    const { device } = tf.backend() as unknown as { device: GPUDevice }; // of the WebGPU backend
    device.destroy();
    expect(await faultOf(() => x.data())).toMatch(
      /was lost \(destroyed.*start again from the last checkpoint/,
    );
    expect(await faultOf(() => engine.activate())).toMatch(/was lost/);
  });

  const program = (after: string) => `
    import { openEngine } from ${JSON.stringify(new URL('../engine.ts', import.meta.url).href)};
    const sum = async (engine) => {
      engine.activate();
      return (await engine.tf.ones([2000]).square().sum().data())[0];
    };
    const engine = await openEngine('webgpu');
    // as text: numbers have colours where a terminal is told to
    console.log([await sum(engine), 'gpu' in (globalThis.navigator ?? {})].join(' '));
    ${after}`;
  const runProgram = (after: string) => {
    const args = ['--expose-gc', '--input-type=module', '-e', program(after)];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      timeout: 60_000,
    });
    return { status, stdout, stderr };
  };

  it.each([
    ['that were let go', 'engine.dispose();'],
    ['that were not', ''],
  ])('a process ends by itself after engines %s', (_, last) => {
    expect(runProgram(last)).toMatchObject({ status: 0, stdout: '2000 false\n' });
  });

  it('engines come and go while garbage is collected', () => {
    const again =
      'engine.dispose(); gc(); const next = await openEngine("webgpu"); gc(); console.log(String(await sum(next)));';
    expect(runProgram(again)).toMatchObject({ status: 0, stdout: '2000 false\n2000\n' });
  });
});

describeWebgpu('what TensorFlow.js does wrong on WebGPU is mended:', () => {
  const on = async (engine: Engine, run: () => tf.Tensor) => {
    engine.activate();
    const out = tf.tidy(run);
    const values = await out.data();
    out.dispose();
    return values;
  };

  it.each([
    [36, 64, 4096, false, true],
    [36, 64, 4096, true, false],
    [33, 17, 2101, true, false],
    [40, 24, 2003, false, false],
  ])('products of %i x %i over %i, a transposed: %s, b transposed: %s', async (m, n, k, a, b) => {
    const run = () => {
      const left = tf.tensor(uniform([m * k], 1), a ? [k, m] : [m, k]);
      const right = tf.tensor(uniform([n * k], 2), b ? [n, k] : [k, n]);
      return tf.matMul(left, right, a, b);
    };
    const gpu = await open();
    const actual = await on(gpu, run);
    expect(relativeError(actual, await on(await openEngine('cpu'), run))).toBeLessThan(1e-5);
    expect(await on(gpu, run)).toEqual(actual); // the order of a sum is no matter of chance
  });

  it('softmax of more rows than a dispatch has groups', async () => {
    const run = () => tf.softmax(tf.tensor(uniform([101, 5], 1, -3, 3), [101, 5]));
    const engine = await open();
    engine.activate();
    const { device } = tf.backend() as unknown as { device: GPUDevice }; // of the WebGPU backend
    // as 65,536 rows are on a device: two dimensions of groups, more of them than rows
    const limits = new Proxy(device.limits, {
      get: (real, name: keyof GPUSupportedLimits) =>
        name === 'maxComputeWorkgroupsPerDimension' ? 100 : real[name],
    });
    Object.defineProperty(device, 'limits', { value: limits });
    const actual = await on(engine, run);
    expect(relativeError(actual, await on(await openEngine('cpu'), run))).toBeLessThan(1e-5);
  });

  it('padding, reversing and tiling along any of five axes', async () => {
    const run = () => {
      const x = tf.tensor(uniform([2, 2, 3, 4, 5], 1), [2, 2, 3, 4, 5]);
      const none = x.shape.map((): [number, number] => [0, 0]);
      const parts = [
        tf.pad(x, none.with(1, [1, 2]).with(4, [0, 1])),
        tf.pad(x, none),
        tf.reverse(x, [1, -1]),
        tf.reverse(x, []),
        tf.tile(x, [1, 2, 1, 3, 1]),
      ];
      return tf.concat(parts.map((part) => part.flatten()));
    };
    const engine = await open();
    const before = tf.memory();
    const actual = await on(engine, run);
    expect(actual).toEqual(await on(await openEngine('cpu'), run));
    expect(tf.memory()).toMatchObject({
      numTensors: before.numTensors,
      numDataBuffers: before.numDataBuffers,
    });
  });
});

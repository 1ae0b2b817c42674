import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWebgpu } from '../engines/webgpu/webgpu.fixture.ts';
import { describeNetwork } from '../network/describe.ts';
import { affinityForward } from '../network/network.ts';
import { presetNamed, withTransformer, type Preset } from '../network/presets.ts';
import { relativeError, small, uniform } from '../network/small.fixture.ts';
import type { Vec3 } from '../ops/ops.ts';
import { initialWeights } from '../training/weights.ts';
import { opsets, type Opset } from './opset.ts';
import { traceOnnx } from './trace.ts';
import type { ElementType } from './value.ts';

const CHILD = fileURLToPath(new URL('./provider-child.fixture.ts', import.meta.url));
let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'provider-'));
});
afterAll(() => rm(root, { recursive: true }));

interface Exported {
  readonly preset: Preset;
  readonly tile: Vec3;
  readonly opset?: Opset;
  readonly dtype?: ElementType;
}

async function exported({ preset, tile, ...options }: Exported): Promise<string> {
  const path = join(root, 'model.onnx');
  const model = traceOnnx({
    ...options,
    inputShape: [1, ...tile],
    weights: initialWeights(describeNetwork(preset, 'affinities', tile).parameters, 3),
    trace: (ops, p, raw) => ops.sigmoid(affinityForward(ops, p, preset, raw)),
  });
  await writeFile(path, model);
  return path;
}

/** What the process said, and the affinities when `run`. */
async function throughProvider(provider: 'cpu' | 'webgpu', model: string, tile: Vec3, run: boolean) {
  const [input, output] = [join(root, 'input'), join(root, `output-${provider}`)];
  await writeFile(input, new Uint8Array(uniform([1, 1, ...tile], 5, 0, 1).buffer));
  const args = [CHILD, model, provider, input, [1, 1, ...tile].join(), ...(run ? [output] : [])];
  const ran = promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 28, timeout: 240_000 });
  const { said, failed } = await ran.then(
    ({ stdout, stderr }) => ({ said: stdout + stderr, failed: false }),
    (error: { stdout: string; stderr: string }) => ({ said: error.stdout + error.stderr, failed: true }),
  );
  if (failed || !run) return { said, failed };
  return { said, failed, affinities: new Float32Array(Uint8Array.from(await readFile(output)).buffer) };
}

/** Nodes by provider, as ONNX Runtime lists them when a session is made. */
const placements = (said: string) =>
  Object.fromEntries(
    [...said.matchAll(/odes? ?(?:\(s\))? placed on \[(\w+)\]\. Number of nodes: (\d+)/gi)].map(
      ([, provider, count]) => [provider, Number(count)],
    ),
  );

describeWebgpu("ONNX Runtime's WebGPU provider", () => {
  it.each(['float32', 'float16'] as const)(
    'takes every node of an exported network in %s, at every opset: none goes back to the CPU',
    async (dtype) => {
      const tile: Vec3 = [16, 16, 16];
      const nano = presetNamed('nano');
      for (const [preset, opset] of [
        ...opsets.map((opset) => [nano, opset] as const),
        [withTransformer(nano), 17] as const,
      ]) {
        const { said } = await throughProvider(
          'webgpu',
          await exported({ preset, tile, opset, dtype }),
          tile,
          false,
        );
        const placed = placements(said);
        expect(Object.keys(placed), `${preset.name}, opset ${opset}`).toEqual(['WebGpuExecutionProvider']);
        expect(placed['WebGpuExecutionProvider']).toBeGreaterThan(300);
      }
    },
  );

  it('gives the affinities of the CPU provider', async () => {
    const tile: Vec3 = [8, 8, 8];
    const model = await exported({ preset: small, tile });
    const cpu = await throughProvider('cpu', model, tile, true);
    const gpu = await throughProvider('webgpu', model, tile, true);
    if (!gpu.affinities) throw new Error(gpu.said.slice(-2000));
    expect(relativeError(gpu.affinities, cpu.affinities!)).toBeLessThan(1e-3);
  });

  it('gives them in float16 too, where the device has it', async ({ skip }) => {
    const tile: Vec3 = [16, 16, 16];
    const tiny = presetNamed('tiny'); // nano has hardly a layer that is narrowed
    const model = await exported({ preset: tiny, tile, dtype: 'float16' });
    const gpu = await throughProvider('webgpu', model, tile, true);
    if (/requires f16 but the device does not support it/.test(gpu.said)) {
      console.warn('SKIPPED: float16 on the WebGPU provider (this device has no shader-f16)');
      skip();
    }
    const cpu = await throughProvider('cpu', model, tile, true);
    if (!gpu.affinities) throw new Error(gpu.said.slice(-2000));
    expect(relativeError(gpu.affinities, cpu.affinities!)).toBeLessThan(1e-2);
  });
});

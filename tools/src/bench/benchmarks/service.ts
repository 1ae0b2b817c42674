import { spawn, type ChildProcess } from 'node:child_process';
import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient, type ApiClient } from '@tokenunify/api/client';
import { createVolume, wholeBox } from '@tokenunify/em-io';
import { requireModel } from '../../bundled-model.ts';
import { ToolsError } from '../../errors.ts';
import { syntheticVolume } from '../../synthetic/index.ts';
import type { Benchmark, Measurement } from '../benchmark.ts';

const SHAPE = [96, 160, 160] as const;
const MAIN = fileURLToPath(new URL('../../../../apps/api/src/main.ts', import.meta.url));

export const serviceBenchmark: Benchmark = {
  name: 'service',
  summary: `the API as a process: a job on ${SHAPE.join(' x ')} voxels, /healthz meanwhile, the job agglomerated again`,
  async run({ model, signal, report }) {
    requireModel(model);
    const directory = await mkdtemp(join(tmpdir(), 'bench-service-'));
    const raw = join(directory, 'raw.zarr');
    await writeSynthetic(raw);
    const server = await start(model, directory);
    try {
      const api = createClient(server.url);
      const idle = await health(api, 300);
      report('the job runs');
      const began = performance.now();
      const job = await api.createSegmentation({
        input: { path: raw },
        voxelSizeCheck: 'warn',
        postprocessing: { cell: [64, 64, 64] },
      });
      const busy: number[] = [];
      let now = job;
      while (now.state === 'queued' || now.state === 'running') {
        signal.throwIfAborted();
        busy.push(...(await health(api, 20)));
        now = await api.segmentation(job.id);
      }
      const seconds = (performance.now() - began) / 1000;
      if (now.state !== 'succeeded')
        throw new ToolsError('tools/wrong-result', now.error?.detail ?? now.state);
      const again = performance.now();
      const relabelled = await api.relabelSegmentation(job.id, { threshold: 0.5 }, { waitSeconds: 60 });
      const relabel = (performance.now() - again) / 1000;
      if (relabelled.state !== 'succeeded') throw new ToolsError('tools/wrong-result', relabelled.state);
      const voxels = SHAPE[0] * SHAPE[1] * SHAPE[2];
      const peak = await peakMemory(server.child);
      return [
        ...latencies('/healthz, idle', idle),
        ...latencies('/healthz, a job running', busy),
        { name: 'checks while it ran', value: busy.length, unit: '' },
        { name: 'job', value: voxels / seconds / 1e6, unit: 'Mvoxel/s', better: 'higher' },
        { name: 'agglomerated again', value: relabel, unit: 's', better: 'lower' },
        ...(peak === undefined ? [] : [{ name: 'peak memory of the server', value: peak, unit: 'MB' }]),
      ];
    } finally {
      server.child.kill('SIGKILL');
      await rm(directory, { recursive: true, force: true });
    }
  },
};

async function writeSynthetic(path: string): Promise<void> {
  const { raw, voxelSize } = syntheticVolume({ shape: SHAPE, seed: 1 });
  const volume = await createVolume(path, { shape: SHAPE, dtype: 'uint8', voxelSize });
  await volume.write(wholeBox(SHAPE), { dtype: 'uint8', shape: SHAPE, data: raw });
  await volume.close();
}

/** A process of its own, as users have it: this one's measuring must not be in its way. */
async function start(model: string, directory: string): Promise<{ url: string; child: ChildProcess }> {
  const args = ['--port', '0', '--model', model, '--data', join(directory, 'data'), '--data-root', directory];
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (text) => {
      const found = /http:\/\/\S+/.exec(String(text))?.[0];
      if (found) resolve(found);
    });
    child.once('exit', (code) => reject(new ToolsError('tools/wrong-result', `The API ended with ${code}.`)));
  });
  return { url, child };
}

/** Milliseconds of health checks, 5 ms apart. */
async function health(api: ApiClient, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await api.health();
    times.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return times;
}

function latencies(name: string, times: readonly number[]): Measurement[] {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return [
    { name: `${name}, p50`, value: at(0.5), unit: 'ms', better: 'lower' },
    { name: `${name}, p99`, value: at(0.99), unit: 'ms', better: 'lower' },
  ];
}

/** MB, where the system tells; without the inference process. */
async function peakMemory({ pid }: ChildProcess): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const peak = /VmHWM:\s+(\d+) kB/.exec(status)?.[1];
  return peak === undefined ? undefined : Number(peak) / 1024;
}

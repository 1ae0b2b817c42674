import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeNpy, encodeNpy, ndArray, volumeFromArray } from '@tokenunify/em-io';
import { startInference } from '@tokenunify/model';
import { segment, type PostProcessing } from '@tokenunify/segmentation';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from './client/index.ts';
import { writeUntrainedPackage } from './package.fixture.ts';
import { startServer, type RunningServer } from './server.ts';

let root: string;
let model: string;
let server: RunningServer;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'api-'));
  model = join(root, 'model');
  await writeUntrainedPackage(model);
  server = await startServer({ model, threads: 1 });
});
afterAll(async () => {
  await server.close();
  await rm(root, { recursive: true });
});

/** Grey noise, smooth enough for the network to make more than one fragment of it. */
function noise(shape: readonly [number, number, number]): Uint8Array {
  const [depth, height, width] = shape;
  const values = Array.from({ length: depth * height * width }, (_, i) => {
    const [z, y, x] = [Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width];
    return 127 + 60 * Math.sin(z / 3) + 60 * Math.cos((x + y) / 4);
  });
  return Uint8Array.from(values);
}

const shape = [20, 40, 40] as const; // two tiles an axis

describe('the whole service, with a real network', () => {
  it('gives the labels that the library gives', async () => {
    const raw = ndArray('uint8', shape, noise(shape));
    const result = await createClient(server.url).segment(encodeNpy(raw));
    expect(result.model).toBe(server.model.digest);
    expect(Object.keys(result.timings)).toEqual(['tiles', 'fragments', 'graph', 'agglomeration', 'labels']);
    const inference = await startInference(server.model, { threads: 1 });
    const steps = segment(volumeFromArray(raw), inference, {
      postprocessing: server.model.postprocessing as PostProcessing, // the fixture's
      inputScale: server.model.inputScale,
      minimumShape: server.model.minimumShape,
    });
    let step = await steps.next();
    while (!step.done) step = await steps.next();
    await inference.close();
    expect(decodeNpy(result.npy)).toEqual({ dtype: 'uint32', shape: [...shape], data: step.value.labels });
    expect(result.labelCount).toBe(step.value.count);
  });

  it('gives affinities from 0 to 1 for uint8 and for the same values as float32', async () => {
    const api = createClient(server.url);
    const grey = noise(shape);
    const bytes = encodeNpy(ndArray('uint8', shape, grey));
    const floats = encodeNpy(ndArray('float32', shape, Float32Array.from(grey)));
    const [one, other] = [
      await api.segment(bytes, { output: 'affinities' }),
      await api.segment(floats, { output: 'affinities' }),
    ];
    const affinities = decodeNpy(one.npy);
    expect(affinities).toMatchObject({ dtype: 'float32', shape: [3, ...shape] });
    expect(Math.min(...Array.from(affinities.data, Number))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...Array.from(affinities.data, Number))).toBeLessThanOrEqual(1);
    expect(one.labelCount).toBeUndefined();
    expect(Buffer.compare(one.npy, other.npy)).toBe(0);
  });

  it('pads a volume thinner than a tile, down to one token', async () => {
    const thin = encodeNpy(ndArray('uint8', [8, 8, 8], noise([8, 8, 8])));
    const labels = decodeNpy((await createClient(server.url).segment(thin)).npy);
    expect(labels.shape).toEqual([8, 8, 8]);
    const thinner = encodeNpy(ndArray('uint8', [7, 8, 8]));
    await expect(createClient(server.url).segment(thinner)).rejects.toMatchObject({
      code: 'volume-too-small',
    });
  });

  it('merges more at a higher threshold', async () => {
    const npy = encodeNpy(ndArray('uint8', shape, noise(shape)));
    const api = createClient(server.url);
    const counts = [];
    for (const threshold of [0, 1]) counts.push((await api.segment(npy, { threshold })).labelCount ?? NaN);
    expect(counts[1]).toBe(1);
    expect(counts[0]).toBeGreaterThan(1);
  });

  it('answers health checks while it segments', async () => {
    const big = [32, 64, 96] as const;
    const api = createClient(server.url);
    let done = false;
    const segmenting = api.segment(encodeNpy(ndArray('uint8', big, noise(big)))).finally(() => (done = true));
    let [checks, worst, running] = [0, 0, 0];
    while (!done) {
      const start = performance.now();
      running = Math.max(running, (await api.health()).running);
      worst = Math.max(worst, performance.now() - start);
      checks++;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await segmenting;
    expect(running).toBe(1);
    expect(checks).toBeGreaterThan(10);
    // Generous: other tests may have the machine's cores at the same time.
    expect(worst).toBeLessThan(2000);
  });

  it('answers the request after one whose large body it refused', async () => {
    const post = () =>
      fetch(`${server.url}/v1/volumes`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'x'.repeat(2 ** 21) }),
      });
    for (let i = 0; i < 5; i++) {
      const refused = await post();
      expect([refused.status, refused.headers.get('connection')]).toEqual([413, 'close']);
      await refused.text();
      expect((await fetch(`${server.url}/v1/volumes/vol_none`, { method: 'DELETE' })).status).toBe(404);
    }
  });

  it('goes on after a client that went, with the same inference process', async () => {
    const big = [32, 64, 96] as const;
    const api = createClient(server.url);
    const signal = AbortSignal.timeout(150);
    await expect(api.segment(encodeNpy(ndArray('uint8', big, noise(big))), { signal })).rejects.toThrow(
      /timeout/,
    );
    const small = [16, 32, 32] as const;
    expect((await api.segment(encodeNpy(ndArray('uint8', small, noise(small))))).labelCount).toBeGreaterThan(
      0,
    );
  });
});

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended since it was listed.
  }
}

let next = 0;

describe('npm start', () => {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  // as the npm script has it
  const quiet = ['--disable-warning=ExperimentalWarning'];
  const start = (...args: string[]) => {
    const data = join(root, `data-${next++}`);
    const child = spawn(
      process.execPath,
      [...quiet, main, '--port', '0', '--threads', '1', '--data', data, ...args],
      {
        stdio: 'pipe',
      },
    );
    let [out, err] = ['', ''];
    child.stdout.on('data', (text) => (out += text));
    child.stderr.on('data', (text) => (err += text));
    const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
    const url = new Promise<string>((resolve, reject) => {
      child.stdout.on('data', () => {
        const found = /http:\/\/\S+/.exec(out)?.[0];
        if (found) resolve(found);
      });
      child.on('exit', () => reject(new Error(err)));
    });
    url.catch(() => {});
    return { child, ended, url, out: () => out, err: () => err };
  };

  it('finishes what runs when it is told to stop, and takes nothing new', async () => {
    const { child, ended, url, out } = start('--model', model);
    const api = createClient(await url);
    const big = [16, 64, 64] as const;
    const running = api.segment(encodeNpy(ndArray('uint8', big, noise(big))));
    while ((await api.health()).running === 0);
    child.kill('SIGTERM');
    expect(decodeNpy((await running).npy).shape).toEqual([...big]);
    expect(await ended).toBe(0);
    expect(out()).toContain('POST /v1/segment 200');
    await expect(api.health()).rejects.toThrow(/no answer/);
  });

  // Only Linux tells a test the children of a process.
  it.skipIf(process.platform !== 'linux')('survives the death of its inference process', async () => {
    const { child, ended, url } = start('--model', model);
    const api = createClient(await url);
    const big = [32, 64, 96] as const;
    const running = api.segment(encodeNpy(ndArray('uint8', big, noise(big))));
    // Again and again: the first may die before its first tile, and is replaced then.
    const killing = setInterval(async () => {
      const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
      for (const pid of children.split(' ').filter(Boolean)) kill(Number(pid));
    }, 50);
    await running.catch(() => {}).finally(() => clearInterval(killing));
    await expect(running).rejects.toMatchObject({ status: 500, code: 'inference-failed' });
    const small = [16, 32, 32] as const;
    const next = await api.segment(encodeNpy(ndArray('uint8', small, noise(small))));
    expect(next.labelCount).toBeGreaterThan(0);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  it('says in one sentence why it cannot start', async () => {
    const { ended, err } = start('--model', root);
    expect(await ended).toBe(1);
    expect(err().trim()).toMatch(/^\S+ is not a model package: [^\n]*$/);
  });
});

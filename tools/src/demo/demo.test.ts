import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApp, type Segmenter } from '@tokenunify/api';
import { createClient, isApiError, type ApiClient } from '@tokenunify/api/client';
import { decodeNpy, encodeNpy, ndArray, toUint32 } from '@tokenunify/em-io';
import { intensityBaseline } from '@tokenunify/segmentation';
import { DEFAULTS, readOptions } from './options.ts';
import { runDemo } from './run.ts';
import { formatScores, score } from './score.ts';

const SHAPE = [24, 48, 56] as const;
const MAIN = join(import.meta.dirname, 'main.ts');
const hooks = { signal: new AbortController().signal, step: () => undefined };

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'demo-'));
});
afterEach(() => rmSync(out, { recursive: true }));

/** A segmenter that thresholds brightness: what the demo does around the model is the same with it, and quick. */
const brightness: Segmenter = {
  model: {
    name: 'brightness',
    version: '1.0.0',
    digest: 'sha256:0',
    preset: 'none',
    tileShape: SHAPE,
    minimumShape: [1, 1, 1],
  },
  segment: ({ raw, output }) => {
    const shape = [raw.shape[0], raw.shape[1], raw.shape[2]] as const;
    const grey = Uint8Array.from(raw.data, Number);
    if (output === 'affinities') {
      const affinities = new Float32Array(3 * grey.length).map((_, i) => grey[i % grey.length] / 255);
      return Promise.resolve({ npy: encodeNpy(ndArray('float32', [3, ...shape], affinities)), timings: {} });
    }
    const labels = intensityBaseline(grey, shape, { threshold: 130 });
    return Promise.resolve({
      npy: encodeNpy(ndArray('uint32', shape, labels)),
      labelCount: new Set(labels).size,
      timings: {},
    });
  },
};

function clientOf(segmenter: Segmenter, ready = true): ApiClient {
  const found = { package: segmenter.model };
  const registry = {
    resolve: () => found,
    acquire: async () => ({ ...found, segmenter, release: () => {} }),
  };
  const app = createApp({ registry, ready: () => ready });
  // like fetch, this gives up when the request is aborted, whatever the server does
  const fetch = (request: Request): Promise<Response> =>
    Promise.race([
      app.fetch(request),
      new Promise<never>((_resolve, reject) => {
        request.signal.addEventListener('abort', () => reject(request.signal.reason));
      }),
    ]);
  return createClient('http://demo', { fetch });
}

describe('runDemo', () => {
  it('segments over the API, scores the answer beside the baseline, and writes the picture and every array', async () => {
    const steps: string[] = [];
    const result = await runDemo(
      { seed: 3, shape: SHAPE, out },
      { client: clientOf(brightness) },
      { ...hooks, step: (what) => steps.push(what) },
    );
    expect(result.scores.map(({ name }) => name)).toEqual(['TokenUnify', 'intensity baseline']);
    const truth = decodeNpy(readFileSync(join(out, 'truth.npy')));
    const labels = decodeNpy(readFileSync(join(out, 'labels.npy')));
    expect(truth.shape).toEqual(SHAPE);
    expect(score('again', toUint32(truth, 'truth'), toUint32(labels, 'labels')).voi).toBe(
      result.scores[0].voi,
    );
    expect(decodeNpy(readFileSync(join(out, 'raw.npy'))).dtype).toBe('uint8');
    expect(decodeNpy(readFileSync(join(out, 'affinities.npy'))).shape).toEqual([3, ...SHAPE]);
    expect(result.labelCount).toBe(new Set(toUint32(labels, 'labels')).size);
    const png = PNG.sync.read(readFileSync(result.picture));
    expect(png.width).toBeGreaterThan(4 * SHAPE[2]);
    expect(steps.length).toBeGreaterThan(3);
  });

  it('says what came instead when the API does not answer with what was asked for', async () => {
    const affinitiesOnly: Segmenter = {
      ...brightness,
      segment: (request, options) => brightness.segment({ ...request, output: 'affinities' }, options),
    };
    await expect(
      runDemo({ seed: 3, shape: SHAPE, out }, { client: clientOf(affinitiesOnly) }, hooks),
    ).rejects.toThrow(
      /answered with labels that are float32 of shape 3 x 24 x 48 x 56 instead of uint32 of shape 24 x 48 x 56/,
    );
  });

  it('refuses, before anything is segmented, to write where no directory can be', async () => {
    const file = join(out, 'file');
    writeFileSync(file, '');
    const steps: string[] = [];
    const run = runDemo(
      { seed: 3, shape: SHAPE, out: file },
      { client: clientOf(brightness) },
      { ...hooks, step: (what) => steps.push(what) },
    );
    await expect(run).rejects.toThrow(/^--out is '.*file', where no directory can be made \(EEXIST\)/);
    expect(steps).toEqual([]);
  });

  it("passes on the API's own sentence when it refuses", async () => {
    const failure: unknown = await runDemo(
      { seed: 3, shape: SHAPE, out },
      { client: clientOf(brightness, false) },
      hooks,
    ).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(isApiError(failure)).toBe(true);
  });

  it('stops when it is interrupted', async () => {
    const interrupt = new AbortController();
    const slow: Segmenter = {
      ...brightness,
      segment: (_, { signal }) => {
        setTimeout(() => interrupt.abort(new Error('interrupted')), 20);
        return new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason)),
        );
      },
    };
    const run = runDemo(
      { seed: 3, shape: SHAPE, out },
      { client: clientOf(slow) },
      { ...hooks, signal: interrupt.signal },
    );
    await expect(run).rejects.toThrow('interrupted');
    expect(existsSync(join(out, 'demo.png'))).toBe(false);
  });
});

describe('the scores', () => {
  it('are 0 for the truth, and lined up', () => {
    const truth = Uint32Array.from({ length: 64 }, (_, v) => 1 + (v >> 4));
    const perfect = score('truth', truth, truth);
    expect([perfect.split, perfect.merge, perfect.voi, perfect.randError]).toEqual([0, 0, 0, 0]);
    const lines = formatScores([perfect, score('everything one neuron', truth, truth.slice().fill(1))]).split(
      '\n',
    );
    expect(new Set(lines.map((line) => line.length)).size).toBe(1);
    expect(lines[2]).toMatch(/everything one neuron +0\.000 +2\.000 +2\.000/);
  });
});

describe('npm run demo', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], {
      encoding: 'utf8',
      cwd: out,
    });

  it('has defaults, and takes seed, shape, out and model', () => {
    expect(readOptions([])).toEqual(DEFAULTS);
    expect(readOptions(['--seed', '7', '--shape', '20,30,40', '--out', 'o', '--model', 'm'])).toEqual({
      seed: 7,
      shape: [20, 30, 40],
      out: 'o',
      model: 'm',
    });
  });

  it.each([
    [['--shape', '64,160'], "--shape is '64,160'; give three whole numbers"],
    [['--shape', '64,160,8'], "--shape is '8'; give whole numbers from 16 to 512"],
    [['--seed', '-1'], '--seed'],
    [['--sede', '1'], '--sede'],
  ])('refuses %j in a sentence that names the option', (args, sentence) => {
    expect(() => readOptions(args)).toThrow(sentence);
  });

  it('fails with one sentence and exit code 1 when there is no model', () => {
    const { status, stderr } = run('--model', 'nowhere');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^The demo failed: There is no model package at nowhere; .* --model DIR\.\n$/);
  });

  it('segments with the bundled model', () => {
    const { status, stdout, stderr } = run('--shape', '32,64,64', '--seed', '5', '--out', 'pictures');
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/TokenUnify +\d\.\d{3}/);
    expect(stdout).toContain('intensity baseline');
    for (const file of ['demo.png', 'raw.npy', 'labels.npy', 'affinities.npy', 'truth.npy']) {
      expect(stdout).toContain(join('pictures', file));
      expect(existsSync(join(out, 'pictures', file))).toBe(true);
    }
  });
});

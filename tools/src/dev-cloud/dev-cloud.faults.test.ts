import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from '@tokenunify/api/client';
import { createVolume, encodeNpy, openVolume, wholeBox } from '@tokenunify/em-io';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { syntheticVolume } from '../synthetic/index.ts';
import { freePort } from './ports.ts';

const repository = fileURLToPath(new URL('../../..', import.meta.url));

interface Running {
  readonly process: ChildProcess;
  readonly data: string;
  readonly url: string;
  /** All that was printed. */
  output(): string;
}

const started: ChildProcess[] = [];
let directory: string;
let cloud: Running;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dev-cloud-'));
  cloud = run(join(directory, 'first'), await freePort());
  await until(cloud, 'Ctrl-C stops both');
}, 100_000);

afterAll(async () => {
  for (const process of started) {
    if (process.exitCode !== null || process.signalCode !== null) continue;
    process.kill('SIGTERM');
    await once(process, 'exit');
  }
  await rm(directory, { recursive: true, force: true });
}, 60_000);

function run(data: string, port: number): Running {
  const child = spawn(
    process.execPath,
    ['tools/src/dev-cloud/main.ts', '--port', String(port), '--data', data],
    { cwd: repository, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  started.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => (text += String(bytes)));
  return { process: child, data, url: `http://127.0.0.1:${port}`, output: () => text };
}

async function until({ process, output }: Running, text: string | RegExp, ms = 90_000): Promise<true> {
  for (const end = Date.now() + ms; Date.now() < end;) {
    if (typeof text === 'string' ? output().includes(text) : text.test(output())) return true;
    if (process.exitCode !== null) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`It never said "${text}":\n${output()}`);
}

/** Processes whose command line or environment names the data directory: those that were started for it. */
async function processesOf(data: string): Promise<number[]> {
  const found: number[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const texts = await Promise.all(
      ['cmdline', 'environ'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
    );
    if (texts.join().includes(data)) found.push(Number(pid));
  }
  return found;
}

async function exitCode({ process }: Running): Promise<number | null> {
  if (process.exitCode === null) await once(process, 'exit');
  return process.exitCode;
}

/** MiB that a process has in memory now; of workerd here. */
const residentOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

test('a volume goes up through the Worker, is segmented by the container, and its labels come back through the Worker', async () => {
  const api = createClient(cloud.url);
  const { raw } = syntheticVolume({ seed: 3, shape: [32, 64, 64] });
  const { id } = await api.createVolume({ name: 'synthetic' });
  const location = api.volumeUrl(id);
  const upload = await createVolume(location, {
    shape: [32, 64, 64],
    dtype: 'uint8',
    chunkShape: [16, 32, 32],
    voxelSize: [10, 10, 10],
  });
  await upload.write(wholeBox(upload.shape), { dtype: 'uint8', shape: [...upload.shape], data: raw });
  await upload.close();
  await expect(api.createSegmentation({ input: { volume: id } })).rejects.toMatchObject({
    code: 'volume-unsealed',
  });
  await api.sealVolume(id);
  const job = await api.createSegmentation({ input: { volume: id } }, { idempotencyKey: 'once' });
  expect(job.input).toEqual({ volume: id });
  expect((await api.createSegmentation({ input: { volume: id } }, { idempotencyKey: 'once' })).id).toBe(
    job.id,
  );
  const events: string[] = [];
  const following = api.follow(job.id);
  let step = await following.next();
  while (!step.done) {
    events.push(step.value.type);
    step = await following.next();
  }
  expect(step.value).toMatchObject({ state: 'succeeded', input: { volume: id } });
  expect(events).toContain('progress');
  const result = step.value.result?.volume ?? '';
  expect(result).not.toBe(id);
  const labels = await openVolume(api.volumeUrl(result));
  const { data, dtype } = await labels.read(wholeBox(labels.shape));
  expect([labels.shape, dtype]).toEqual([[32, 64, 64], 'uint32']);
  expect(data.some((label) => label > 0)).toBe(true);
  const oneShot = await api.segment(encodeNpy({ dtype: 'uint8', shape: [32, 64, 64], data: raw }));
  expect(oneShot.labelCount).toBe(step.value.result?.labelCount);
  const listed: string[] = [];
  for await (const volume of api.listVolumes({ limit: 1 })) listed.push(volume.id);
  expect(listed).toEqual([result, id]);
  await api.deleteVolume(id);
  await expect(api.volume(id)).rejects.toMatchObject({ code: 'volume-not-found' });
});

test('60 MB go up and come down while the memory of the Worker stays where it was', async () => {
  // one with the Worker, and one of wrangler's in front of it
  const workerds = (await processesOf(cloud.data)).filter((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0]?.endsWith('workerd'),
  );
  expect(workerds.length).toBeGreaterThan(0);
  const resident = () => workerds.map(residentOf);
  const api = createClient(cloud.url);
  const { id } = await api.createVolume();
  const url = `${api.volumeUrl(id)}/c/0`;
  const upAndDown = async (body: Uint8Array<ArrayBuffer>): Promise<void> => {
    const stored = await fetch(url, { method: 'PUT', body });
    expect([stored.ok, stored.status, await stored.text()]).toEqual([true, expect.any(Number), '']);
    let size = 0;
    for await (const bytes of (await fetch(url)).body ?? []) size += bytes.length;
    expect(size).toBe(body.length);
  };
  // wrangler's bucket lives in the same process and leaves garbage with every value: as much as it will, before
  for (let round = 0; round < 200; round++) await upAndDown(new Uint8Array(1_000_000));
  const before = resident();
  let growth = 0;
  const look = () => resident().forEach((now, i) => (growth = Math.max(growth, now - before[i]!)));
  const watch = setInterval(look, 20);
  try {
    for (let round = 0; round < 5; round++) await upAndDown(new Uint8Array(60_000_000));
  } finally {
    clearInterval(watch);
  }
  // MiB, while 600 MB went through. A Worker that held its bodies would take 230.
  expect(growth).toBeLessThan(120);
  await api.deleteVolume(id);
});

test('a client that goes away ends its request at the container', async () => {
  // the Worker may say so before the container does; on a busy machine a request has not arrived after a second
  for (const patience of [1_000, 5_000, 20_000]) {
    await leaveAfter(patience);
    const ended = until(cloud, /container {2}POST \/v1\/segment 4\d\d .* goes-away/, 10_000);
    if (await ended.then(Boolean, () => false)) return;
  }
  throw new Error(`The container never said that the request had ended:\n${cloud.output()}`);
});

/** Asks for labels, sends the beginning of a volume, and goes away after so many milliseconds. */
async function leaveAfter(patience: number): Promise<void> {
  const client = new AbortController();
  const body = new ReadableStream<Uint8Array>({
    // a header of npy, and then nothing more
    start: (controller) => controller.enqueue(new TextEncoder().encode('\x93NUMPY')),
  });
  const request = fetch(`${cloud.url}/v1/segment`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-npy', 'x-request-id': 'goes-away' },
    body,
    signal: client.signal,
    duplex: 'half',
  } as RequestInit); // `duplex` is missing in the types of Node 22
  setTimeout(() => client.abort(), patience);
  await expect(request).rejects.toThrow();
}

test('a port that is taken is one sentence, and nothing is started', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const second = run(join(directory, 'second'), port);
  expect(await exitCode(second)).toBe(1);
  expect(second.output()).toBe(
    `Port ${port} is taken; stop what listens there, or choose another with --port.\n`,
  );
  expect(existsSync(second.data)).toBe(false);
  server.close();
});

test('state that another one works with is refused in one sentence, and both are stopped', async () => {
  const second = run(cloud.data, await freePort());
  expect(await exitCode(second)).toBe(1);
  expect(second.output()).toMatch(/The container stopped with exit code 1: .+\n$/);
  expect((await fetch(`${cloud.url}/readyz`)).status).toBe(200);
});

test.each([
  ['container', 'apps/api/src/main.ts'],
  ['Worker', 'node_modules/wrangler/bin/wrangler.js'],
])('when the %s dies the other is stopped, and one sentence says so', async (name, program) => {
  const running = run(join(directory, name), await freePort());
  await until(running, 'Ctrl-C stops both');
  const pids = await processesOf(running.data);
  const victim = pids.find((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(program),
  );
  expect(victim).toBeGreaterThan(1);
  process.kill(victim!, 'SIGKILL');
  expect(await exitCode(running)).toBe(1);
  expect(running.output()).toContain(`The ${name} was ended by SIGKILL`);
  expect(await processesOf(running.data)).toEqual([]);
});

test.each(['SIGINT', 'SIGTERM'] as const)('%s while it starts leaves nothing behind', async (signal) => {
  const running = run(join(directory, signal), await freePort());
  await until(running, 'worker ');
  running.process.kill(signal);
  expect(await exitCode(running)).toBe(0);
  expect(await processesOf(running.data)).toEqual([]);
});

test('what one that was killed left behind is ended by the next start, and what belongs to another stays', async () => {
  const data = join(directory, 'killed');
  const port = await freePort();
  const first = run(data, port);
  await until(first, 'Ctrl-C stops both');
  first.process.kill('SIGKILL');
  await once(first.process, 'exit');
  const left = await processesOf(data);
  expect(left.length).toBeGreaterThan(0);
  const second = run(data, port);
  await until(second, 'Ctrl-C stops both');
  const now = await processesOf(data);
  expect(now.filter((pid) => left.includes(pid))).toEqual([]);
  second.process.kill('SIGTERM');
  expect(await exitCode(second)).toBe(0);
  expect((await fetch(`${cloud.url}/readyz`)).status).toBe(200);
});

test('Ctrl-C stops both, leaves nothing behind, and what was stored is there the next time', async () => {
  const { id } = await createClient(cloud.url).createVolume({ name: 'kept' });
  cloud.process.kill('SIGINT');
  expect(await exitCode(cloud)).toBe(0);
  expect(await processesOf(cloud.data)).toEqual([]);
  const again = run(cloud.data, await freePort());
  await until(again, 'Ctrl-C stops both');
  expect(await createClient(again.url).volume(id)).toMatchObject({ name: 'kept' });
  again.process.kill('SIGTERM');
  expect(await exitCode(again)).toBe(0);
});

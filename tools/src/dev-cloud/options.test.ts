import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { startChild } from './child.ts';
import { readOptions } from './options.ts';
import { freePort, requireFree } from './ports.ts';

test('options have defaults, and directories become absolute', () => {
  expect(readOptions([])).toEqual({ port: 8787, data: resolve('.tokenunify-data/dev-cloud') });
  expect(readOptions(['--port', '9000', '--data', 'x', '--model', '/m'])).toEqual({
    port: 9000,
    data: resolve('x'),
    model: '/m',
  });
  expect(readOptions(['--help'])).toBe('help');
});

test.each([
  [['--port', '0'], '--port is "0"; give a whole number from 1 to 65535.'],
  [['--port', 'http'], '--port is "http"; give a whole number from 1 to 65535.'],
  [['--prot', '1'], /^Unknown option '--prot'.*--help lists the options\.$/],
])('%j is refused in one sentence', (argv, message) => {
  expect(() => readOptions(argv)).toThrow(message);
});

test('a port that somebody listens on is found out before anything starts', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server that listens
  await expect(requireFree(port)).rejects.toThrow(`Port ${port} is taken`);
  server.close();
  await expect(requireFree(await freePort())).resolves.toBeUndefined();
});

const child = (script: string, lines: string[] = []) =>
  startChild({
    name: 'child',
    args: ['-e', script],
    cwd: '.',
    env: process.env,
    signal: 'SIGTERM',
    onLine: (line) => lines.push(line),
  });

test('a child that ends by itself is an error with what it said last', async () => {
  const lines: string[] = [];
  const ended = child(
    'console.log("one"); console.error("the port is taken"); process.exitCode = 3',
    lines,
  ).ended;
  await expect(ended).rejects.toThrow('The child stopped with exit code 3: the port is taken');
  expect(lines.sort()).toEqual(['one', 'the port is taken']);
});

test('a child that is stopped takes its own children with it', async () => {
  const lines: string[] = [];
  const script = `
    const grandchild = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    console.log(String(grandchild.pid)); // a number would have a colour where a terminal is told to
    process.on('SIGTERM', () => process.exit(0));
    setInterval(() => {}, 1000)`;
  const parent = child(script, lines);
  // Node may have said something else before
  const told = () => lines.find((line) => /^\d+$/.test(line));
  while (told() === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
  const pid = told() ?? '';
  // one that has ended and that nobody reaps is a Z
  const alive = () => /^[^Z]/.test(spawnSync('ps', ['-o', 'stat=', '-p', pid]).stdout.toString());
  expect(alive(), lines.join('\n')).toBe(true);
  await parent.stop();
  await parent.ended;
  for (let i = 0; alive() && i < 100; i++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(alive()).toBe(false);
}, 30_000);

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cells, temporaryDirectory, write } from './testing.fixture.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeAll(async () => {
  directory = await temporaryDirectory();
  await write(directory.join('raw.npy'), cells([4, 4, 4], 2).raw);
});
afterAll(() => directory.remove());

const entry = fileURLToPath(new URL('./index.ts', import.meta.url));

/** Runs a command line and tells, when the process exits, what it loaded and how long it computed. */
function observed(...args: string[]): Promise<{ tensorflow: number; milliseconds: number }> {
  const script = `
    import module from 'node:module';
    import { main } from ${JSON.stringify(entry)};
    process.on('exit', () => {
      const { user, system } = process.cpuUsage();
      const tensorflow = Object.keys(module._cache).filter((file) => file.includes('@tensorflow')).length;
      process.stderr.write('\\0' + JSON.stringify({ tensorflow, milliseconds: (user + system) / 1000 }));
    });
    await main(['node', 'tokenunify', ...${JSON.stringify(args)}]);`;
  const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (stderr += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => {
      const told = stderr.split('\0')[1];
      if (told === undefined) reject(new Error(stderr));
      else resolve(JSON.parse(told) as { tensorflow: number; milliseconds: number });
    });
  });
}

describe('TensorFlow.js, most of the start-up time, is loaded', () => {
  it.each([[['--help']], [['pretrain', '--help']], [['info', 'RAW']]])(
    'by no command that does not train: %j',
    async (args) => {
      const { tensorflow } = await observed(
        ...args.map((arg) => arg.replace('RAW', directory.join('raw.npy'))),
      );
      expect(tensorflow).toBe(0);
    },
  );

  it('by those that do, or this test would not see it', async () => {
    expect((await observed('info')).tensorflow).toBeGreaterThan(0);
  });
});

it('--help takes less than 0.4 s of the processor', async () => {
  const times: number[] = [];
  for (let i = 0; i < 3; i++) times.push((await observed('--help')).milliseconds);
  expect(Math.min(...times)).toBeLessThan(400);
});

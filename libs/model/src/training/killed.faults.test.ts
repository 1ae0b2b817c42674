import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../checkpoint/checkpoint.ts';
import { locateNativeTensorflow } from '../engines/native.ts';
import { Random } from '../random.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'killed-'));
});
afterEach(() => rm(directory, { recursive: true }));

const STEPS = 18;
const script = join(import.meta.dirname, 'killed-child.fixture.ts');

/**
 * The lines of a training, which is killed where `kill` says so.
 * @param kill milliseconds to wait after this line, undefined to let it live
 */
async function train(
  at: string,
  engine: string,
  kill: (line: string) => number | undefined = () => undefined,
): Promise<string[]> {
  const child = spawn(process.execPath, [script, at, engine, String(STEPS)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const lines: string[] = [];
  let [rest, doomed] = ['', false];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop()!;
    for (const line of parts) {
      lines.push(line);
      const delay = doomed ? undefined : kill(line);
      if (delay === undefined) continue;
      doomed = true;
      setTimeout(() => child.kill('SIGKILL'), delay);
    }
  });
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
    child.on('close', (...end) => resolve(end)),
  );
  if (code !== 0 && signal !== 'SIGKILL') throw new Error(`the training ended with ${code}: ${errors}`);
  return lines;
}

const stepsOf = (lines: readonly string[]): Map<number, string> =>
  new Map(
    lines
      .filter((line) => line.startsWith('step '))
      .map((line) => [Number(line.split(' ')[1]), line.split(' ').slice(2).join(' ')]),
  );

/** TensorFlow takes seconds to start. */
const engines = [['cpu', 4] as const, ...(locateNativeTensorflow() ? [['tensorflow', 1] as const] : [])];

describe.each(engines)('a training on the engine %s that is killed %i times', (engine, times) => {
  it('has the losses, gradients and weights of one that was left alone, bit for bit', async () => {
    const random = new Random(8);
    const alone = join(directory, 'alone');
    const expected = stepsOf(await train(alone, engine));
    expect(expected.size).toBe(STEPS);

    const killed = join(directory, 'killed');
    let [kills, redone] = [0, 0];
    const seen = new Map<number, string>();
    for (let last: string[] = []; last.at(-1) !== 'done';) {
      // in the middle of a step (a checkpoint comes after every third), or of a checkpoint that is being written
      const [word, after] =
        kills % 2 === 0 ? ['step', [2, 4, 5][random.integer(3)]!] : ['writing', random.integer(2) + 1];
      let count = 0;
      last = await train(killed, engine, (line) =>
        kills < times && line.startsWith(word) && ++count === after ? random.uniform(0, 5) : undefined,
      );
      for (const [step, losses] of stepsOf(last)) {
        if (seen.has(step)) redone++;
        seen.set(step, losses);
        expect(losses, `step ${step} after ${kills} kills`).toBe(expected.get(step));
      }
      if (last.at(-1) !== 'done') kills++;
    }
    expect(kills).toBe(times);
    expect(redone).toBeGreaterThan(0); // steps since the last checkpoint were taken again
    expect(seen.size).toBe(STEPS);
    const files = [alone, killed].map((of) => readCheckpoint(join(of, 'last.safetensors')));
    expect(await files[1]).toEqual(await files[0]);
  });
});

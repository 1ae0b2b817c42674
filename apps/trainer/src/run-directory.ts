import { appendFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readCheckpoint, writeCheckpoint, type Checkpoint } from '@tokenunify/model';
import { CommandError } from './errors.ts';

/**
 * What a training leaves behind:
 *
 *     run.json                     the command's settings; a resumed run must have the same
 *     log.jsonl                    one line a step
 *     last.safetensors             weights, average, optimizer: to go on from
 *     checkpoint-001000.safetensors  averaged weights only: to choose from, to export, to fine-tune from
 */
export class RunDirectory {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * @param resume go on in a directory that has a run of the same settings; otherwise it must be new
   */
  static async open(
    path: string,
    settings: Readonly<Record<string, unknown>>,
    resume: boolean,
  ): Promise<RunDirectory> {
    const file = join(path, 'run.json');
    const text = `${JSON.stringify(settings, undefined, 2)}\n`;
    if (existsSync(file)) {
      if (!resume)
        throw new CommandError(
          'trainer/run',
          `${path} already holds a run; pass --resume to go on with it, or choose another --out.`,
        );
      const changed = difference(
        JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>,
        settings,
      );
      if (changed)
        throw new CommandError(
          'trainer/run',
          `${path} was started with another ${changed}; resume with the same settings, or choose another --out.`,
        );
    } else {
      await mkdir(path, { recursive: true });
      await writeFile(file, text);
    }
    return new RunDirectory(path);
  }

  /** The state to go on from, if the run has one. */
  async last(): Promise<Checkpoint | undefined> {
    const file = join(this.path, 'last.safetensors');
    return existsSync(file) ? readCheckpoint(file) : undefined;
  }

  async save(checkpoint: Checkpoint, step: number): Promise<string> {
    await writeCheckpoint(join(this.path, 'last.safetensors'), checkpoint);
    const usable = join(this.path, checkpointName(step));
    await writeCheckpoint(usable, {
      weights: checkpoint.average ?? checkpoint.weights,
      state: checkpoint.state,
    });
    return usable;
  }

  async log(entry: Readonly<Record<string, unknown>>): Promise<void> {
    await appendFile(join(this.path, 'log.jsonl'), `${JSON.stringify(entry)}\n`);
  }

  /** Checkpoints for use, in order of their steps. */
  async checkpoints(): Promise<readonly string[]> {
    const names = (await readdir(this.path)).filter((name) => /^checkpoint-\d+\.safetensors$/.test(name));
    return names.sort().map((name) => join(this.path, name));
  }
}

const checkpointName = (step: number): string => `checkpoint-${String(step).padStart(6, '0')}.safetensors`;

function difference(
  before: Record<string, unknown>,
  now: Readonly<Record<string, unknown>>,
): string | undefined {
  const keys = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...keys].find((key) => JSON.stringify(before[key]) !== JSON.stringify(now[key]));
}

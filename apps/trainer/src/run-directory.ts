import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readCheckpoint, writeCheckpoint, type Checkpoint } from '@tokenunify/model';
import { CommandError } from './errors.ts';
import { writeJson } from './json-file.ts';
import { endLastLine, readLog, type LogEntry } from './run-log.ts';
import { difference, type Settings } from './run-settings.ts';

/**
 * What a training leaves behind:
 *
 *     run.json                     the command's settings; a resumed run must have the same
 *     log.jsonl                    one line a step, a look at held-out voxels, or a warning
 *     last.safetensors             weights, average, optimizer: to go on from
 *     checkpoint-001000.safetensors  averaged weights only: to choose from, to export, to fine-tune from
 */
export class RunDirectory {
  readonly path: string;
  readonly #settings: Settings;

  private constructor(path: string, settings: Settings) {
    this.path = path;
    this.#settings = settings;
  }

  /**
   * Checks that a run of these settings may be started or gone on with there. Nothing is written before `begin`.
   *
   * @param resume go on in a directory that has a run of the same settings; otherwise it must be new
   * @param absent what it means that a setting is not noted: runs of before there was one are gone on with
   * @throws CommandError `trainer/run`, naming the setting that is another
   */
  static async open(
    path: string,
    settings: Settings,
    resume: boolean,
    absent: Settings = {},
  ): Promise<RunDirectory> {
    const file = join(path, 'run.json');
    if (existsSync(file)) {
      if (!resume)
        throw new CommandError(
          'trainer/run',
          `${path} already holds a run; pass --resume to go on with it, or choose another --out.`,
        );
      const changed = difference({ ...absent, ...(await readSettings(file)) }, settings);
      if (changed)
        throw new CommandError(
          'trainer/run',
          `${path} was started with another ${changed.name}, ${changed.before} instead of ${changed.now}; resume with the same settings, or choose another --out.`,
        );
    }
    return new RunDirectory(path, settings);
  }

  /** The settings that a run there was started with, if there is one. */
  static async settingsOf(path: string): Promise<Settings | undefined> {
    const file = join(path, 'run.json');
    return existsSync(file) ? readSettings(file) : undefined;
  }

  /** Makes the directory and notes the settings, once everything that can be refused was not. */
  async begin(): Promise<void> {
    const file = join(this.path, 'run.json');
    if (existsSync(file)) return endLastLine(join(this.path, 'log.jsonl'));
    await this.#writing('its settings', async () => {
      await mkdir(this.path, { recursive: true });
      await writeJson(file, this.#settings);
    });
  }

  /** The state to go on from, if the run has one. */
  async last(): Promise<Checkpoint | undefined> {
    const file = join(this.path, 'last.safetensors');
    return existsSync(file) ? readCheckpoint(file) : undefined;
  }

  /** Forgets the state to go on from: what follows begins from the start. */
  async forget(): Promise<void> {
    await rm(join(this.path, 'last.safetensors'), { force: true });
  }

  /** Where the weights for use of a step are, once they were saved. */
  usable(step: number): string {
    return join(this.path, `checkpoint-${String(step).padStart(6, '0')}.safetensors`);
  }

  /** @throws CommandError `trainer/run` when the disk is full; the checkpoint before is still there */
  async save(checkpoint: Checkpoint, step: number): Promise<string> {
    const usable = this.usable(step);
    await this.#writing(`the checkpoint of step ${step}`, async () => {
      // In this order: whatever state a killed run is gone on from, its weights for use are there.
      await writeCheckpoint(usable, {
        weights: checkpoint.average ?? checkpoint.weights,
        state: checkpoint.state,
      });
      await writeCheckpoint(join(this.path, 'last.safetensors'), checkpoint);
    });
    return usable;
  }

  async log(entry: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#writing('its log', () =>
      appendFile(join(this.path, 'log.jsonl'), `${JSON.stringify(entry)}\n`),
    );
  }

  /** What was logged up to a step. Of what was done twice, after a kill, the second counts. */
  async logged(upTo: number): Promise<readonly LogEntry[]> {
    const entries = new Map<string, LogEntry>();
    for (const entry of await readLog(join(this.path, 'log.jsonl')))
      if (entry.step <= upTo) entries.set(`${entry.kind} ${entry.step}`, entry);
    return [...entries.values()].toSorted((a, b) => a.step - b.step);
  }

  async #writing(what: string, write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (cause) {
      if (!isFull(cause)) throw cause;
      throw new CommandError(
        'trainer/run',
        `There is no room left on the disk of ${this.path} for ${what}; free some and resume: the last whole checkpoint is there to go on from.`,
        cause,
      );
    }
  }
}

const isFull = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');

async function readSettings(file: string): Promise<Settings> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Settings; // `begin` wrote an object
  } catch (cause) {
    throw new CommandError(
      'trainer/run',
      `${file} is not readable JSON, so what the run was started with is lost; choose another --out.`,
      cause,
    );
  }
}

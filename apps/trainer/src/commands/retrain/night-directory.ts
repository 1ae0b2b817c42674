import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CommandError } from '../../errors.ts';
import { readJson, writeFileAtomically, writeJson } from '../../json-file.ts';
import { outcomes, stepNames, type Night } from './types.ts';

/** What must hold for this program to go on with what another one wrote; the rest is as it was written. */
const nightSchema = z.looseObject({
  version: z.literal(1),
  id: z.string(),
  startedAt: z.string(),
  fingerprint: z.string(),
  annotations: z.array(z.looseObject({ key: z.string(), split: z.string() })),
  fresh: z.array(z.string()),
  steps: z.array(z.looseObject({ step: z.enum(stepNames), data: z.unknown(), seconds: z.number() })),
  end: z.looseObject({ outcome: z.enum(outcomes) }).optional(),
});
const seenSchema = z.looseObject({ version: z.literal(1), annotations: z.array(z.string()) });

const ID = /^(\d{4}-\d{2}-\d{2})-(\d+)$/;
/** Of so many nights that ended, what is large is kept. */
const KEPT = 7;

/**
 * What nights leave behind:
 *
 *     lock                          held by the night that runs
 *     seen.json                     annotations that nights have used
 *     latest.json, latest.html      the last report
 *     champions/<digest>/           the champion's package, as the registry gave it
 *     nights/2026-11-24-1/
 *       night.json                  what was decided at its beginning, and what is done
 *       run/                        the training
 *       package/                    the challenger
 *       comparing/                  labels of held-out boxes, until all are compared
 *       segmented/                    labels of held-out boxes, while models are compared
 *       comparison.json             both models on the held-out boxes
 *       report.json, report.html
 */
export class NightDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  get lock(): string {
    return join(this.path, 'lock');
  }
  get champions(): string {
    return join(this.path, 'champions');
  }
  /** Of one night: its own directory, or something in it. */
  of(id: string, ...names: string[]): string {
    return join(this.path, 'nights', id, ...names);
  }

  /** The night that has not ended, if there is one. @throws CommandError `trainer/run` when it cannot be read */
  async open(): Promise<Night | undefined> {
    for (const id of (await this.#ids()).toReversed()) {
      const night = await this.#read(id);
      if (night && !night.end) return night;
    }
    return undefined;
  }

  /** A name for a night of this day that no other has. */
  async newId(day: string): Promise<string> {
    const taken = (await this.#ids()).flatMap((id) => (id.startsWith(day) ? [Number(ID.exec(id)?.[2])] : []));
    return `${day}-${Math.max(0, ...taken) + 1}`;
  }

  async write(night: Night): Promise<void> {
    await mkdir(this.of(night.id), { recursive: true });
    await writeJson(this.of(night.id, 'night.json'), night);
  }

  async seen(): Promise<ReadonlySet<string>> {
    const file = join(this.path, 'seen.json');
    const value = await this.#parsed(file, seenSchema, 'which annotations earlier nights used');
    return new Set(value?.annotations);
  }

  async addSeen(keys: readonly string[]): Promise<void> {
    const all = await this.seen();
    if (keys.every((key) => all.has(key))) return;
    const annotations = [...new Set([...all, ...keys])].toSorted();
    await writeJson(join(this.path, 'seen.json'), { version: 1, annotations });
  }

  /** The last report is where people look for it. */
  async publishReport({ json, html }: { readonly json: string; readonly html: string }): Promise<void> {
    for (const [from, name] of [
      [json, 'latest.json'],
      [html, 'latest.html'],
    ] as const) {
      await writeFileAtomically(join(this.path, name), await readFile(from));
    }
  }

  /** Trainings and packages fill a disk in time; reports are small. */
  async prune(champion: string | undefined): Promise<void> {
    const ids = await this.#ids();
    for (const id of ids.slice(0, -KEPT)) {
      for (const large of ['run', 'package', 'comparing'])
        await rm(this.of(id, large), { recursive: true, force: true });
      await rm(this.of(id, 'segmented'), { recursive: true, force: true });
    }
    if (champion === undefined) return;
    for (const name of await names(this.champions))
      if (name !== champion) await rm(join(this.champions, name), { recursive: true, force: true });
  }

  /** Oldest first. */
  async #ids(): Promise<string[]> {
    const order = (id: string) => {
      const [, day = '', n = ''] = ID.exec(id) ?? [];
      return `${day}-${n.padStart(9, '0')}`;
    };
    const found = (await names(join(this.path, 'nights'))).filter((name) => ID.test(name));
    return found.toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
  }

  /** A directory that was made, but nothing decided yet, is no night. */
  async #read(id: string): Promise<Night | undefined> {
    const value = await this.#parsed(this.of(id, 'night.json'), nightSchema, 'how far a night came');
    return value as Night | undefined; // `write` wrote it; what this version relies on was checked
  }

  async #parsed<T>(file: string, schema: z.ZodType<T>, what: string): Promise<T | undefined> {
    try {
      const value = await readJson(file);
      return value === undefined ? undefined : schema.parse(value);
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string')
        throw new CommandError('trainer/run', `${file} cannot be read (${cause.code}).`, cause);
      throw new CommandError(
        'trainer/run',
        `${file} should say ${what}, but is not as this program writes it; restore it, or move it away to start over.`,
        cause,
      );
    }
  }
}

const names = (directory: string): Promise<string[]> =>
  readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });

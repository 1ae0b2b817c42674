import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { CommandError } from '../../../errors.ts';
import { systemError } from './system-error.ts';

const summarySchema = z.object({
  labels: z.number(),
  fragments: z.number(),
  shape: z.tuple([z.number(), z.number(), z.number()]),
  model: z.string(),
  job: z.string(),
  warnings: z.array(z.object({ code: z.string(), detail: z.string() })),
});

const stateSchema = z.object({
  /** Of this file. */
  version: z.literal(1),
  server: z.string(),
  /** What is uploaded: the input, and the part of it. */
  input: z.string(),
  /** What the server is asked to do with it. */
  request: z.string(),
  /** Tells this upload from others: part of the volume's name, and of names beside the output. */
  token: z.string(),
  /** Idempotency-Key of the job. */
  key: z.string(),
  volume: z.string().optional(),
  job: z.string().optional(),
  /** The output is whole beside its place, or there already. */
  placing: summarySchema.optional(),
});

/** What is told of a finished job. */
export type Summary = z.infer<typeof summarySchema>;
/** How far a command has come, so that the same command goes on from there. */
export type State = z.infer<typeof stateSchema>;

export const stateFileOf = (output: string): string => `${resolve(output)}.segment.json`;

/** @throws CommandError `trainer/data` for a file of that name that is none of ours */
export async function readState(file: string): Promise<State | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return stateSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new CommandError(
      'trainer/data',
      `${file} should say how far an earlier command came, but cannot be read; remove it to start anew.`,
      cause,
    );
  }
}

/** The old state or the new one is there, whatever happens meanwhile. */
export async function writeState(file: string, state: State): Promise<void> {
  const partial = `${file}.partial`;
  try {
    const handle = await open(partial, 'w');
    try {
      await handle.writeFile(`${JSON.stringify(state, null, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw systemError(error, file);
  }
}

export async function removeState(file: string): Promise<void> {
  await rm(`${file}.partial`, { force: true });
  await rm(file, { force: true });
}

export const newKey = (): string => randomUUID();

import { z } from 'zod';
import { entryProblem, type Place } from './problem.ts';
import { splits } from './types.ts';

/** One entry as the file holds it. */
export const entrySchema = z.strictObject({
  raw: z.string().min(1).describe('grey values, uint8; a path or URL, relative to the manifest'),
  labels: z.string().min(1).describe('neuron ids of the same shape, 0 = unlabelled'),
  box: z.string().min(1).describe("z,y,x ranges, as '0:64,0:128,0:128'"),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe('of the voxels of the box'),
  split: z.enum(splits).describe('train, or held-out to compare models'),
});

export type WrittenEntry = z.infer<typeof entrySchema>;

type Field = keyof WrittenEntry;
const fields = Object.keys(entrySchema.shape) as Field[]; // the keys of an object literal

const remedies: Readonly<Record<Field, string>> = {
  raw: 'name the volume that was labelled',
  labels: 'name the volume of neuron ids',
  box: "write three ranges, as '0:64,0:128,0:128'",
  sha256: 'write 64 lower-case hex digits, or let `npx tokenunify annotate` add the entry',
  split: "write 'train' or 'held-out'",
};

/**
 * Reads one entry of the file.
 * @throws CommandError `trainer/manifest`, naming the entry, the field and the remedy
 */
export function parseEntry(value: unknown, file: string, number: number): WrittenEntry {
  const parsed = entrySchema.safeParse(value);
  if (parsed.success) return parsed.data;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw entryProblem(
      { file, number },
      `is ${short(value)}, but must be an object with ${fields.join(', ')}.`,
    );
  throw refused(value as Readonly<Record<string, unknown>>, file, number); // an object, as checked
}

function refused(entry: Readonly<Record<string, unknown>>, file: string, number: number): Error {
  const { raw, labels } = entry;
  const place: Place = { file, number, ...(typeof raw === 'string' && raw !== '' && { raw }) };
  const unknown = Object.keys(entry).find((key) => !fields.some((field) => field === key));
  if (unknown !== undefined)
    return entryProblem(
      place,
      `has the unknown key '${unknown}'; keys are ${fields.join(', ')}, so correct or remove it.`,
    );
  if (raw === undefined && labels !== undefined)
    return entryProblem(
      place,
      `has labels ${short(labels)} without raw; add raw, the volume that they label.`,
    );
  if (labels === undefined && raw !== undefined)
    return entryProblem(place, 'has raw without labels; add labels, the neuron ids of the same voxels.');
  const field = fields.find((name) => !entrySchema.shape[name].safeParse(entry[name]).success) ?? 'raw';
  const value = entry[field];
  return value === undefined
    ? entryProblem(place, `has no ${field}; ${remedies[field]}.`)
    : entryProblem(place, `has ${field} ${short(value)}; ${remedies[field]}.`);
}

const short = (value: unknown): string => {
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
};

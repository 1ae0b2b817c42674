import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { decodeCheckpoint, writeCheckpoint } from '../checkpoint/checkpoint.ts';
import { ModelError } from '../errors.ts';
import { checkBioimageio } from './bioimageio.ts';
import { describeModel, FILES, RDF } from './description.ts';
import { sha256OfFile } from './digest.ts';
import { checkTensor, npyHeader, npyOfFloats } from './npy.ts';
import { readModelPackage } from './read.ts';
import { answerTo } from './test-tile.ts';
import type { ModelPackage, ModelPackageInput } from './types.ts';

export interface WriteModelPackageOptions {
  /** Replace a package that is there. Without it a directory that is not empty is refused. */
  readonly overwrite?: boolean;
}

/**
 * Writes a model package and reads it back. The directory appears complete or not at all: files are written beside
 * it and moved into place by one rename.
 *
 * @param dir the directory to make; its parent is made too
 * @throws ModelError `model/package`: the directory is in use, a test tensor has the wrong dtype or shape, a checkpoint
 *   of another preset, a name or version that a BioImage.IO 0.5 reader would refuse; `model/checkpoint` for bytes that are
 *   none; `model/inference` when the test output has to be computed and the model does not run
 * @example
 *     await writeModelPackage('models/default', { name: 'TokenUnify nano', version: '0.1.0', model: onnxBytes, ... });
 */
export async function writeModelPackage(
  dir: string,
  input: ModelPackageInput,
  options: WriteModelPackageOptions = {},
): Promise<ModelPackage> {
  checkInput(input);
  const target = resolve(dir);
  const taken = await readdir(target).catch(() => []);
  if (taken.length > 0 && options.overwrite !== true) {
    throw new ModelError(
      'model/package',
      `${target} is not empty, and a model package is immutable; choose another directory, or pass overwrite.`,
      { details: { dir: target } },
    );
  }
  const staging = join(dirname(target), `.${basename(target)}.${randomUUID()}`);
  await mkdir(staging, { recursive: true });
  try {
    const modelPath = join(staging, FILES.model);
    if (typeof input.model === 'function') await input.model(modelPath);
    else await writeFile(modelPath, input.model);
    const { checkpoint } = input;
    if (checkpoint instanceof Uint8Array) await writeFile(join(staging, FILES.checkpoint), checkpoint);
    else if (checkpoint) await writeCheckpoint(join(staging, FILES.checkpoint), checkpoint);
    await writeFile(join(staging, FILES.testInput), input.testInput);
    const testOutput =
      input.testOutput ??
      npyOfFloats([1, 3, ...input.tileShape], await answerTo(input.testInput, { ...input, modelPath }));
    await writeFile(join(staging, FILES.testOutput), testOutput);
    await writeFile(join(staging, FILES.modelCard), input.modelCard);
    const digests: Record<string, string> = {};
    const present = await readdir(staging);
    for (const name of Object.values(FILES))
      if (present.includes(name)) digests[name] = await sha256OfFile(join(staging, name));
    // Aliases would be legal YAML, but not every reader of rdf.yaml resolves them.
    const rdf = stringify(describeModel(input, digests), { aliasDuplicateObjects: false, lineWidth: 110 });
    await writeFile(join(staging, RDF), rdf);
    await readModelPackage(staging);
    // The old package stays readable until the new one can take its place.
    const old = `${staging}.old`;
    if (taken.length > 0) await rename(target, old);
    await rename(staging, target);
    await rm(old, { recursive: true, force: true });
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    throw error;
  }
  return readModelPackage(target);
}

/** Stands for the digests of files that are not written yet. */
const UNKNOWN = '0'.repeat(64);

function checkInput(input: ModelPackageInput): void {
  const refuse = (field: string, what: string): never => {
    throw new ModelError('model/package', `Model package field ${field} ${what}.`, { details: { field } });
  };
  const digests = Object.fromEntries(Object.values(FILES).map((name) => [name, UNKNOWN]));
  checkBioimageio(describeModel(input, digests));
  const { testInput, testOutput, tileShape } = input;
  checkTensor(FILES.testInput, npyHeader(testInput, FILES.testInput), '|u1', 1, tileShape);
  if (testOutput) checkTensor(FILES.testOutput, npyHeader(testOutput, FILES.testOutput), '<f4', 3, tileShape);
  if (input.checkpoint) {
    const { checkpoint } = input;
    const { preset } = (
      checkpoint instanceof Uint8Array ? decodeCheckpoint(checkpoint, FILES.checkpoint) : checkpoint
    ).state;
    if (preset !== input.preset)
      refuse(
        'checkpoint',
        `is of preset ${JSON.stringify(preset)}, the model of ${JSON.stringify(input.preset)}; give the checkpoint that the model was exported from`,
      );
  }
}

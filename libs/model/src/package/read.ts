import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { ModelError } from '../errors.ts';
import { externalLocations } from '../onnx/index.ts';
import { RDF } from './description.ts';
import { sha256, sha256OfFile } from './digest.ts';
import { parseRdf, type Rdf } from './schema.ts';
import type { ModelPackage } from './types.ts';

/**
 * Reads a model package and verifies the sha256 of every file it names.
 *
 * @param dir a directory that holds rdf.yaml
 * @throws ModelError `model/package`: not a package, a missing or changed file, a field that is wrong. The message
 *   names the file, what was expected, what was found and the remedy; `details` has the same as data.
 * @example
 *     const model = await readModelPackage('models/default');
 *     model.tileShape; // [32, 64, 64]
 */
export async function readModelPackage(dir: string): Promise<ModelPackage> {
  const root = resolve(dir);
  const file = join(root, RDF);
  await checkSize(file);
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new ModelError(
      'model/package',
      `${root} is not a model package: ${RDF} cannot be read; name a directory made by \`tokenunify export\`.`,
      { details: { file }, cause },
    );
  });
  let parsed: unknown;
  try {
    parsed = parse(bytes.toString('utf8'));
    JSON.stringify(parsed); // an anchor inside itself is legal YAML, and no data that anything here could store
  } catch (cause) {
    throw new ModelError(
      'model/package',
      `${file} is not YAML of plain data; export the model again with \`tokenunify export\`.`,
      {
        details: { file },
        cause,
      },
    );
  }
  const rdf = parseRdf(parsed, file);
  const files = await verifyFiles(root, rdf);
  await checkExternalData(join(root, rdf.weights.onnx.source), files);
  const own = rdf.config.tokenunify;
  const [{ test_tensor: input }] = rdf.inputs;
  const [{ test_tensor: output }] = rdf.outputs;
  return {
    dir: root,
    name: rdf.name,
    version: rdf.version,
    description: rdf.description,
    digest: `sha256:${sha256(bytes)}`,
    preset: own.preset,
    tileShape: own.tileShape,
    minimumShape: own.minimumShape,
    inputScale: own.inputScale,
    ...(own.voxelSize && { voxelSize: own.voxelSize }),
    outputChannels: 3,
    postprocessing: own.postprocessing,
    modelPath: join(root, rdf.weights.onnx.source),
    opsetVersion: rdf.weights.onnx.opset_version,
    ...(own.dtype && { dtype: own.dtype }),
    testInputPath: join(root, input.source),
    testOutputPath: join(root, output.source),
    ...(own.checkpoint !== undefined && { checkpointPath: join(root, own.checkpoint) }),
    files,
    license: rdf.license,
    metrics: own.metrics,
    training: own.training,
    cite: rdf.cite,
  };
}

/** Parsing is synchronous, and a server must answer meanwhile: what `tokenunify export` writes has a few kilobytes. */
const MOST_RDF_BYTES = 512 * 1024;

async function checkSize(file: string): Promise<void> {
  const { size = 0 } = (await stat(file).catch(() => undefined)) ?? {};
  if (size > MOST_RDF_BYTES)
    throw new ModelError(
      'model/package',
      `${file} has ${size} bytes, at most ${MOST_RDF_BYTES} are read; shorten what it says of training and metrics.`,
      { details: { file, got: size, limit: MOST_RDF_BYTES } },
    );
}

/** @returns the sha256 of each file, as it is on the disk and as rdf.yaml says */
async function verifyFiles(root: string, rdf: Rdf): Promise<Record<string, string>> {
  const named: [string, string][] = [
    [rdf.weights.onnx.source, rdf.weights.onnx.sha256],
    ...[rdf.weights.onnx.external_data ?? []].flat().map((f): [string, string] => [f.source, f.sha256]),
    ...[...rdf.inputs, ...rdf.outputs].map(({ test_tensor: t }): [string, string] => [t.source, t.sha256]),
    ...Object.entries(rdf.config.tokenunify.files),
  ];
  const found = new Map<string, string>();
  for (const [name, expected] of named) {
    const file = join(root, name);
    const got = found.get(name) ?? (await digestOf(file));
    found.set(name, got);
    if (got !== expected) {
      throw new ModelError(
        'model/package',
        `${file} is not the file that ${RDF} describes: expected sha256 ${expected}, got ${got}; copy the package again, or export it again with \`tokenunify export\`.`,
        { details: { file, expected, got } },
      );
    }
  }
  return Object.fromEntries(found);
}

/** A model takes tensors from files whose digest is known, and from no other file of the machine. */
async function checkExternalData(modelPath: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const location of await externalLocations(modelPath))
    if (!Object.hasOwn(files, location))
      throw new ModelError(
        'model/package',
        `${modelPath} takes tensors from ${JSON.stringify(location)}, which is not a file of this package; export the model again with \`tokenunify export\`.`,
        { details: { file: modelPath, location } },
      );
}

function digestOf(file: string): Promise<string> {
  return sha256OfFile(file).catch((cause: unknown) => {
    throw new ModelError(
      'model/package',
      `${file} is named in ${RDF} but cannot be read; copy the package again, or export it again with \`tokenunify export\`.`,
      { details: { file }, cause },
    );
  });
}

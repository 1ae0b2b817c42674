/**
 * Exports networks and packages for the oracles in tools/oracles: `node libs/model/bin/export-for-oracles.ts DIRECTORY`
 * writes DIRECTORY/onnx/*.onnx and DIRECTORY/packages/*.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { halfPackage, oracleModels } from '../src/onnx/oracles.fixture.ts';
import { traceOnnx, writeOnnx } from '../src/onnx/trace.ts';

const directory = process.argv[2];
if (directory === undefined) throw new Error('Name the directory to write to.');
mkdirSync(join(directory, 'onnx'), { recursive: true });
mkdirSync(join(directory, 'packages'), { recursive: true });
for (const { name, options } of oracleModels())
  writeFileSync(join(directory, 'onnx', `${name}.onnx`), traceOnnx(options));
const [{ options }] = oracleModels() as [ReturnType<typeof oracleModels>[number]];
await writeOnnx(join(directory, 'onnx', 'external.onnx'), { ...options, externalData: true });
await halfPackage(join(directory, 'packages', 'float16'), false);
await halfPackage(join(directory, 'packages', 'float16-external-data'), true);

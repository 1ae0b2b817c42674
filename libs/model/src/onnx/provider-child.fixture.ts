/**
 * Runs a .onnx file on one of ONNX Runtime's providers, in a process of its own: what goes wrong in a driver ends that
 * process. Arguments: model, provider, input file (float32), shape of the input, output file.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const [model, provider, inputFile, shape, outputFile] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string?,
];
const session = await InferenceSession.create(model, {
  executionProviders: [provider],
  logSeverityLevel: outputFile === undefined ? 0 : 3, // 0 says where each node is placed
});
if (outputFile !== undefined) {
  const bytes = readFileSync(inputFile);
  const data = new Float32Array(Uint8Array.from(bytes).buffer);
  const input = new Tensor('float32', data, shape.split(',').map(Number));
  const { affinities } = await session.run({ [session.inputNames[0]!]: input });
  writeFileSync(outputFile, new Uint8Array((affinities!.data as Float32Array).buffer)); // as it was exported
}
process.exit(0); // the provider's own threads would hold it

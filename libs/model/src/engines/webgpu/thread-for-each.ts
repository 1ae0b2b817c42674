import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';

type Program = Parameters<WebGPUBackend['runWebGPUProgram']>[0];

const THREADS = 64;

export interface ThreadForEach {
  /** Of the shader, among all: the backend keeps what it compiled under it. */
  readonly name: string;
  readonly variables: string[];
  /** Declarations, as in WGSL: `'count : i32'`. */
  readonly uniforms: readonly string[];
  readonly results: number;
  /** WGSL that works out result number `index`, and says it with `setOutputAtIndex`. */
  readonly code: string;
}

/** A program with one thread for each of its results. */
export const threadForEach = ({ name, variables, uniforms, results, code }: ThreadForEach): Program => ({
  variableNames: variables,
  uniforms: uniforms.map((uniform) => `${uniform},`).join(' '),
  outputShape: [results],
  workgroupSize: [THREADS, 1, 1],
  dispatchLayout: { x: [0] },
  dispatch: [Math.ceil(results / THREADS), 1, 1],
  size: true,
  shaderKey: name,
  getUserCode: () => `
    fn main(index : i32) {
      if (index < uniforms.size) {${code}}
    }`,
});

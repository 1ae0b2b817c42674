import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import type { ElementType } from '../onnx/index.ts';

/**
 * A model package: one directory which is a BioImage.IO 0.5 model description and everything it names.
 *
 *     rdf.yaml         what the network takes and gives, its licence, authors and citation, our own fields under
 *                      `config.tokenunify`, and the sha256 of every other file
 *     model.onnx       [N, 1, z, y, x] float32 in [0, 1]  ->  [N, 3, z, y, x] float32 affinities in [0, 1]
 *     model.onnx.data  optional: the tensors of a large model, which model.onnx points into
 *     test-input.npy   one raw uint8 tile [1, 1, z, y, x]; test-output.npy what the model makes of it, float32
 *     README.md        the model card
 *     checkpoint.safetensors  optional: the weights a training goes on from
 *
 * A package is immutable; the sha256 of its rdf.yaml (which holds the others) is its identity.
 */
export type Vec3 = readonly [number, number, number];

/** Digest of a package, of the form `sha256:` and 64 hexadecimal digits. */
export type Digest = `sha256:${string}`;

/** Raw grey value v enters the network as `(v - offset) * scale`. */
export interface InputScale {
  readonly offset: number;
  readonly scale: number;
}

export interface Author {
  readonly name: string;
  readonly affiliation?: string;
  readonly github_user?: string;
  readonly orcid?: string;
}

/** A publication; BioImage.IO wants a doi or a url beside the text. */
export type Citation = { readonly text: string } & (
  { readonly doi: string; readonly url?: string } | { readonly url: string; readonly doi?: string }
);

/** Plain data, as it survives YAML and JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What `readModelPackage` returns: enough to run the model, and what a model card shows. */
export interface ModelPackage {
  readonly dir: string;
  readonly name: string;
  readonly version: string;
  /** One sentence. */
  readonly description: string;
  readonly digest: Digest;
  readonly preset: string;
  /** One network input, (z, y, x) voxels. */
  readonly tileShape: Vec3;
  /** The smallest volume that can be segmented: one token, (z, y, x) voxels. */
  readonly minimumShape: Vec3;
  readonly inputScale: InputScale;
  /** nm, (z, y, x); absent when the training data did not say. */
  readonly voxelSize?: Vec3;
  readonly outputChannels: 3;
  /** The `PostProcessing` of @tokenunify/segmentation that validation chose, as JSON. */
  readonly postprocessing: unknown;
  /** Absolute path of the ONNX file. */
  readonly modelPath: string;
  readonly opsetVersion: number;
  /** What the network computes in; float32 when absent. Its input and output are float32 always. */
  readonly dtype?: 'float16';
  /** Absolute paths of the test tile and of what the model makes of it, for `runTestTile`. */
  readonly testInputPath: string;
  readonly testOutputPath: string;
  /** Absolute path of the checkpoint, as `readCheckpoint` takes it; absent: the package cannot be trained on. */
  readonly checkpointPath?: string;
  /** sha256 of every file but rdf.yaml, by name: 64 hexadecimal digits. */
  readonly files: Readonly<Record<string, string>>;
  readonly license: string;
  readonly metrics: unknown;
  readonly training: unknown;
  readonly cite: unknown;
}

/** What `writeModelPackage` needs. */
export interface ModelPackageInput {
  /** Shown to people: letters, digits, spaces and `_+-()`, 5 to 128 characters. */
  readonly name: string;
  /** Semantic version, as `0.1.0`. */
  readonly version: string;
  /** One sentence. */
  readonly description: string;
  readonly preset: string;
  /**
   * The bytes of the ONNX file; or what writes it to a path, with its tensors in a second file beside it when they are
   * large, as `writeOnnx` does.
   */
  readonly model: Uint8Array | ((path: string) => Promise<unknown>);
  readonly opsetVersion: number;
  /** As it was exported; float32 when absent. */
  readonly dtype?: ElementType;
  readonly tileShape: Vec3;
  readonly minimumShape: Vec3;
  readonly inputScale: InputScale;
  readonly voxelSize?: Vec3;
  readonly postprocessing: Json;
  readonly metrics: Json;
  readonly training: Json;
  /** Markdown; becomes README.md. */
  readonly modelCard: string;
  /** SPDX identifier, as `Apache-2.0`. */
  readonly license: string;
  readonly authors: readonly Author[];
  readonly cite: readonly Citation[];
  readonly tags?: readonly string[];
  /** npy bytes: raw uint8 [1, 1, z, y, x], before input scaling. */
  readonly testInput: Uint8Array;
  /**
   * npy bytes: float32 [1, 3, z, y, x], as the engine that trained the network gives it: a check of the ONNX file. Absent:
   * what the ONNX file itself makes of the test input.
   */
  readonly testOutput?: Uint8Array;
  /**
   * A checkpoint of the same preset, or its bytes as `encodeCheckpoint` makes them, for trainings that go on from this
   * model.
   */
  readonly checkpoint?: Checkpoint | Uint8Array;
  /** ISO 8601 with a zone; passed in, so that the same input gives the same digest. */
  readonly timestamp: string;
}

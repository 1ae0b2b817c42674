import { createHash } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  ComparisonPage,
  DeploymentJson,
  ModelRegistry,
  ModelVersionJson,
  ModelVersionPage,
} from '../models/types.ts';
import { ApiProblem } from '../problem.ts';

export const digest = `sha256:${'ab'.repeat(32)}`;
const self = `/v1/models/${digest}`;
const name = { digest, name: 'TokenUnify nano', version: '1.0.0' };

export const version: ModelVersionJson = {
  ...name,
  description: 'For tests.',
  license: 'Apache-2.0',
  preset: 'nano',
  tileShape: [16, 32, 32],
  minimumShape: [8, 8, 8],
  state: 'ready',
  aliases: ['champion'],
  loaded: true,
  createdAt: '2026-01-01T00:00:00.000Z',
  bytes: 3,
  files: [],
  postprocessing: {},
  metrics: null,
  links: {
    self,
    promote: `${self}/promote`,
    challenge: `${self}/challenge`,
    retire: `${self}/retire`,
  },
};

export const deployment: DeploymentJson = {
  champion: name,
  canaryPercent: 0,
  shadowPercent: 0,
  history: [],
};

/** What a registry was asked: the method and its arguments, signals left out. */
export type Call = readonly [keyof ModelRegistry, ...unknown[]];

/** A registry that knows one version, remembers what it was asked, and fails when a test says so. */
export class FakeRegistry implements ModelRegistry {
  readonly ready = true;
  readonly calls: Call[] = [];
  /** Thrown by whatever is called next. */
  problem: unknown;
  /** Bytes of the last upload, as far as they came. */
  received = '';
  uploading: ModelRegistry['upload'] = async (archive) => {
    for await (const bytes of archive) this.received += new TextDecoder().decode(bytes);
    return { model: version, created: true };
  };
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** @returns one whose version has some files */
  static async create(): Promise<FakeRegistry> {
    const directory = await mkdtemp(join(tmpdir(), 'registry-'));
    await writeFile(join(directory, 'rdf.yaml'), 'name: nano\n');
    await writeFile(join(directory, 'model.onnx'), '0123456789');
    await writeFile(join(directory, 'page.html'), '<script>');
    await writeFile(join(directory, 'empty.bin'), '');
    return new FakeRegistry(directory);
  }

  #note(...call: Call): void {
    this.calls.push(call);
    if (this.problem !== undefined) throw this.problem;
  }

  async upload(
    archive: ReadableStream<Uint8Array>,
    { signal, ...options }: Parameters<ModelRegistry['upload']>[1],
  ): ReturnType<ModelRegistry['upload']> {
    this.#note('upload', options);
    return this.uploading(archive, { signal, ...options });
  }

  list(page: Parameters<ModelRegistry['list']>[0]): ModelVersionPage {
    this.#note('list', page);
    return { items: [version], next: digest };
  }

  get(reference: string): ModelVersionJson {
    this.#note('get', reference);
    if (reference === digest || reference === 'champion' || reference === name.name) return version;
    throw new ApiProblem('model-not-found', 'There is no such version.', { field: 'model' });
  }

  file(reference: string, file: string): ReturnType<ModelRegistry['file']> {
    this.#note('file', reference, file);
    const contents: Record<string, string> = {
      'rdf.yaml': 'name: nano\n',
      'model.onnx': '0123456789',
      'page.html': '<script>',
      'empty.bin': '',
      'deleted.npy': 'x',
    };
    const content = contents[file];
    if (content === undefined) throw new ApiProblem('model-file-not-found', 'There is no such file.');
    const sha256 = createHash('sha256').update(content).digest('hex');
    return { path: join(this.#directory, file), bytes: content.length, sha256 };
  }

  async promote(...[reference, request]: Parameters<ModelRegistry['promote']>): Promise<DeploymentJson> {
    this.#note('promote', reference, request);
    return deployment;
  }

  async challenge(...[reference, request]: Parameters<ModelRegistry['challenge']>): Promise<DeploymentJson> {
    this.#note('challenge', reference, request);
    return deployment;
  }

  async rollBack(request: Parameters<ModelRegistry['rollBack']>[0]): Promise<DeploymentJson> {
    this.#note('rollBack', request);
    return deployment;
  }

  async retire(reference: string): Promise<ModelVersionJson> {
    this.#note('retire', reference);
    return { ...version, state: 'retired' };
  }

  async delete(reference: string): Promise<void> {
    this.#note('delete', reference);
  }

  deployment(): DeploymentJson {
    this.#note('deployment');
    return deployment;
  }

  async change(change: Parameters<ModelRegistry['change']>[0]): Promise<DeploymentJson> {
    this.#note('change', change);
    return deployment;
  }

  comparisons(page: Parameters<ModelRegistry['comparisons']>[0]): ComparisonPage {
    this.#note('comparisons', page);
    return { items: [] };
  }

  resolve(): never {
    throw new Error('Not asked by these routes.');
  }
  choose(): never {
    throw new Error('Not asked by these routes.');
  }
  shadow(): never {
    throw new Error('Not asked by these routes.');
  }
  acquire(): never {
    throw new Error('Not asked by these routes.');
  }
}

import type { JobGeometry } from '../geometry.ts';
import { needManifest, readArray, type ArrayRef, type ArtefactStore, type Manifest } from '../store/index.ts';

/** What the blocks left, one after the other: manifests of many blocks together would take more than the graph. */
export class FinishedBlocks {
  readonly #store: ArtefactStore;
  readonly #geometry: JobGeometry;
  readonly #signal: AbortSignal | undefined;

  constructor(store: ArtefactStore, geometry: JobGeometry, signal: AbortSignal | undefined) {
    this.#store = store;
    this.#geometry = geometry;
    this.#signal = signal;
  }

  get count(): number {
    return this.#geometry.blocks.counts.reduce((product, side) => product * side, 1);
  }

  async *of(stage: 'fragments' | 'graph'): AsyncGenerator<Manifest, void, void> {
    for (const place of this.#geometry.blocks.places()) {
      this.#signal?.throwIfAborted();
      yield await needManifest(this.#store, this.#geometry.id(stage, place));
    }
  }

  async total(stage: 'fragments' | 'graph'): Promise<number> {
    let sum = 0;
    for await (const { counts } of this.of(stage)) sum += counts[stage === 'graph' ? 'edges' : 'fragments'];
    return sum;
  }

  read(ref: ArrayRef): Promise<Float64Array> {
    return readArray(this.#store, ref, 'float64');
  }

  /** Names of all fragments, as they come. */
  async names(count: number): Promise<Float64Array> {
    const names = new Float64Array(count);
    let at = 0;
    for await (const { files } of this.of('fragments')) {
      const part = await this.read(files.names);
      names.set(part, at);
      at += part.length;
    }
    return names;
  }
}

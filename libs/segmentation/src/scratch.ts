/**
 * Memory that is used again and again: work on one cell after the other would otherwise fetch hundreds of megabytes from
 * the system, have them zeroed page by page, and wait for the collector to give them back.
 *
 * It is a stack: what is taken inside `scope` is free again when the scope ends, and must not be used after it.
 *
 * @example scratch.scope(() => { const inside = scratch.uint8(n); ... })
 */
export class Scratch {
  readonly #buffers: ArrayBuffer[] = [];
  #depth = 0;
  #lent = false;

  /**
   * Lends the scratch to work that waits in between; who comes while it is lent gets a new one, for once.
   */
  async lend<T>(work: (scratch: Scratch) => Promise<T>): Promise<T> {
    if (this.#lent) return work(new Scratch());
    this.#lent = true;
    try {
      return await work(this);
    } finally {
      this.#lent = false;
      this.#depth = 0;
    }
  }

  scope<T>(work: () => T): T {
    const depth = this.#depth;
    try {
      return work();
    } finally {
      this.#depth = depth;
    }
  }

  /** A scope that lasts until the work's promise is settled; only while nobody else takes anything. */
  async asyncScope<T>(work: () => Promise<T>): Promise<T> {
    const depth = this.#depth;
    try {
      return await work();
    } finally {
      this.#depth = depth;
    }
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#buffers.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** Holds anything at first, as the others do. */
  uint8(length: number): Uint8Array {
    return new Uint8Array(this.#take(length), 0, length);
  }

  uint16(length: number): Uint16Array {
    return new Uint16Array(this.#take(2 * length), 0, length);
  }

  uint32(length: number): Uint32Array {
    return new Uint32Array(this.#take(4 * length), 0, length);
  }

  int32(length: number): Int32Array {
    return new Int32Array(this.#take(4 * length), 0, length);
  }

  float32(length: number): Float32Array {
    return new Float32Array(this.#take(4 * length), 0, length);
  }

  float64(length: number): Float64Array {
    return new Float64Array(this.#take(8 * length), 0, length);
  }

  #take(bytes: number): ArrayBuffer {
    const place = this.#depth++;
    const there = this.#buffers[place];
    if (there !== undefined && there.byteLength >= bytes) return there;
    return (this.#buffers[place] = new ArrayBuffer(bytes));
  }
}

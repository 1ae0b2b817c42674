import { ApiProblem } from '../problem.ts';

/** Bytes that all volumes take together, with those that are arriving and not yet in place. */
export class Room {
  readonly #limit: number;
  readonly #volumes = new Map<string, number>();
  #stored = 0;
  #arriving = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get limited(): boolean {
    return this.#limit !== Infinity;
  }

  /** What a volume takes now; 0 when it is gone. */
  set(id: string, bytes: number): void {
    this.#stored += bytes - (this.#volumes.get(id) ?? 0);
    if (bytes === 0) this.#volumes.delete(id);
    else this.#volumes.set(id, bytes);
  }

  /** Room for one body: grows as it comes, and is given back when it is in place or refused. */
  arrival(): { grow(bytes: number): void; end(): void } {
    let size = 0;
    return {
      grow: (bytes) => {
        if (this.#stored + this.#arriving + bytes > this.#limit) throw this.#full();
        this.#arriving += bytes;
        size += bytes;
      },
      end: () => {
        this.#arriving -= size;
        size = 0;
      },
    };
  }

  #full(): ApiProblem {
    return new ApiProblem(
      'insufficient-storage',
      `All volumes together may take ${this.#limit} bytes, and nothing of this request was kept; delete volumes, or raise the server's limit.`,
      { limit: this.#limit },
    );
  }
}

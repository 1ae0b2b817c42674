import { ApiProblem } from './problem.ts';

/** So many at once, and no queue: who comes when it is full is told to come back. */
export class Gate {
  readonly #what: string;
  readonly #limit: number;
  #inside = 0;

  /** @param what for the message, as `uploads` */
  constructor(what: string, limit: number) {
    this.#what = what;
    this.#limit = limit;
  }

  get inside(): number {
    return this.#inside;
  }

  /**
   * @returns what is to be called at the end; calling it twice is fine
   * @throws ApiProblem `busy`, with Retry-After
   */
  enter(): () => void {
    if (this.#inside >= this.#limit)
      throw new ApiProblem(
        'busy',
        `There are ${this.#limit} ${this.#what} at once already, which is the limit; send the request again in 1 s.`,
        { limit: this.#limit, headers: { 'retry-after': '1' } },
      );
    this.#inside++;
    let left = false;
    return () => {
      if (!left) this.#inside--;
      left = true;
    };
  }
}

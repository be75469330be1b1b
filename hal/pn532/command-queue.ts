/** Work that is done one piece after the other, the first at once. */
export class CommandQueue {
  #last: Promise<unknown> = Promise.resolve();
  /** Pieces that have not ended, the one under way included. */
  #count = 0;

  /** A failure does not stop what is behind it. */
  add<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#count++ === 0 ? begun(work) : this.#last.then(work);
    this.#last = result.then(this.#ended, this.#ended);
    return result;
  }

  readonly #ended = (): void => {
    this.#count--;
  };
}

/** What fails before it waits fails as what fails later. */
function begun<T>(work: () => Promise<T>): Promise<T> {
  try {
    return work();
  } catch (error) {
    return Promise.reject(error);
  }
}

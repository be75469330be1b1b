/** Events for any number of listeners, each from the moment at which it began to listen. */
export class EventStream<T> {
  readonly #listeners = new Set<{ push(event: T): void; end(): void }>();
  #ended = false;

  push(event: T): void {
    for (const listener of this.#listeners) listener.push(event);
  }

  /** Lets every listener finish what it has been given. */
  end(): void {
    this.#ended = true;
    for (const listener of this.#listeners) listener.end();
  }

  subscribe(): AsyncIterable<T> {
    const waiting: T[] = [];
    let ended = this.#ended;
    let wake: () => void = () => undefined;
    const listener = {
      push: (event: T) => {
        waiting.push(event);
        wake();
      },
      end: () => {
        ended = true;
        wake();
      },
    };
    this.#listeners.add(listener);
    const listeners = this.#listeners;
    return (async function* () {
      try {
        for (;;) {
          while (waiting.length > 0) yield waiting.shift()!;
          if (ended) return;
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      } finally {
        listeners.delete(listener);
      }
    })();
  }
}

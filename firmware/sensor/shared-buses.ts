/** A bus object with an end. */
export interface Closable {
  close(): void;
}

interface Held {
  readonly bus: Closable;
  users: number;
}

/** Buses of which several sensors use one: opened for the first, closed with the last. */
export class SharedBuses {
  readonly #held = new Map<string, Held>();

  /** The bus of that name; made when nobody holds it. Each `take` needs its `release`. */
  take<Bus extends Closable>(name: string, make: () => Bus): Bus {
    let held = this.#held.get(name);
    if (held === undefined) {
      held = { bus: make(), users: 0 };
      this.#held.set(name, held);
    }
    held.users++;
    // A name belongs to one driver, so that it always stands for one class.
    return held.bus as Bus;
  }

  release(name: string): void {
    const held = this.#held.get(name);
    if (held === undefined || --held.users > 0) return;
    this.#held.delete(name);
    held.bus.close();
  }
}

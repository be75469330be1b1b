import type { Transceive } from "../nfc/apdu.ts";

/** What to do next for work that drives a far card. */
export type RelayStep<T> =
  | { readonly kind: "command" /** C-APDU for the card. */; readonly apdu: Uint8Array }
  | { readonly kind: "done"; readonly result: T };

interface Waiting {
  readonly resolve: (response: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Runs code that talks to a card where the card is not: the server, which has the keys, works
 * through a whole authentication or enrolment, and whoever has the card in hand carries APDUs back
 * and forth. No key, not even a session's, leaves the place where the work runs.
 *
 * @example
 * const relay = new CardRelay((transceive) => readSealedPayload(transceive, keys));
 * let step = await relay.start();
 * while (step.kind === "command") step = await relay.answer(await far(step.apdu));
 */
export class CardRelay<T> {
  readonly #work: (transceive: Transceive) => Promise<T>;
  #waiting: Waiting | undefined;
  #step: ((step: RelayStep<T>) => void) | undefined;
  #fail: ((error: unknown) => void) | undefined;
  #state: "new" | "running" | "over" = "new";

  constructor(work: (transceive: Transceive) => Promise<T>) {
    this.#work = work;
  }

  /** Begins; rejects with whatever the work rejects with. */
  start(): Promise<RelayStep<T>> {
    if (this.#state !== "new") throw new TypeError("relay: started twice");
    this.#state = "running";
    const step = this.#nextStep();
    this.#work((apdu) => this.#ask(apdu)).then(
      (result) => this.#end(() => this.#step?.({ kind: "done", result })),
      (error: unknown) => this.#end(() => this.#fail?.(error)),
    );
    return step;
  }

  /** The card's R-APDU to the last command. */
  answer(response: Uint8Array): Promise<RelayStep<T>> {
    const { resolve } = this.#take();
    const step = this.#nextStep();
    resolve(response);
    return step;
  }

  /** The card is gone, or its bearer: the work's `transceive` rejects with `error`. */
  abort(error: unknown): Promise<RelayStep<T>> {
    const { reject } = this.#take();
    const step = this.#nextStep();
    reject(error);
    return step;
  }

  #take(): Waiting {
    const waiting = this.#waiting;
    if (waiting === undefined) throw new TypeError("relay: no command waits for an answer");
    this.#waiting = undefined;
    return waiting;
  }

  #nextStep(): Promise<RelayStep<T>> {
    return new Promise((resolve, reject) => {
      this.#step = resolve;
      this.#fail = reject;
    });
  }

  #ask(apdu: Uint8Array): Promise<Uint8Array> {
    if (this.#state !== "running" || this.#waiting !== undefined)
      throw new TypeError("relay: one command at a time, while the work runs");
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#step?.({ kind: "command", apdu });
    });
  }

  #end(report: () => void): void {
    this.#state = "over";
    report();
  }
}

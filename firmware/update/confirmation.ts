import type { UpdateStore } from "./update-store.ts";

/** What an image on trial must have shown before it is kept. */
export type Proof = "network" | "authenticated" | "nfc";

/** What is asked of a reader. */
export const READER_PROOFS: readonly Proof[] = Object.freeze(["network", "authenticated", "nfc"]);

/** What is asked of a node without one. */
export const NODE_PROOFS: readonly Proof[] = Object.freeze(["network", "authenticated"]);

/** Collects, in one run of the program, what an image on trial has shown. */
export class Confirmation {
  readonly #missing: Set<Proof>;
  readonly #store: UpdateStore;

  constructor(store: UpdateStore, wanted: readonly Proof[]) {
    this.#store = store;
    this.#missing = new Set(wanted);
  }

  /** Whether an image on trial waits for something still. */
  get isOpen(): boolean {
    return this.#store.isOnTrial;
  }

  /** Gives whether the image was confirmed by it. @throws storage-failed: say it again */
  saw(proof: Proof): boolean {
    this.#missing.delete(proof);
    if (this.#missing.size > 0 || !this.#store.isOnTrial) return false;
    this.#store.confirm();
    return true;
  }
}

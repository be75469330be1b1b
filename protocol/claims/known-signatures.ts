import type { Sha3 } from "../crypto/sha3.ts";
import { concat } from "../encoding/bytes.ts";
import { toHex } from "../encoding/hex.ts";
import type { WotsQuestion } from "./wots.ts";

/** Shared signatures that are remembered: of a tree there are two, and few trees sign a graph. */
const REMEMBERED = 32;
/**
 * Signatures that were found to fit within one inquiry, by the hash of all that was asked: another
 * message, key or signature has another name. What did not fit is not remembered.
 */
export class KnownSignatures {
  readonly #sha3: Sha3;
  readonly #names: string[] = [];

  constructor(sha3: Sha3) {
    this.#sha3 = sha3;
  }

  /** All three have fixed lengths, so that one sequence of bytes is one question. */
  nameOf({ publicKey, message, signature }: WotsQuestion): string {
    return toHex(this.#sha3.sha3_256(concat(publicKey, message, signature)));
  }

  has(name: string): boolean {
    return this.#names.includes(name);
  }

  add(name: string): void {
    if (this.has(name)) return;
    if (this.#names.push(name) > REMEMBERED) this.#names.shift();
  }
}

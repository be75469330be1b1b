import { checkChain, type Sha3 } from "../protocol/crypto/sha3.ts";
import { CONSTANTS, keccakModule, RATE, ROUNDS, roundConstants, STATE } from "./keccak-wasm.ts";

// The types of Node name WebAssembly without its classes.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  /** All have one type; what `permute` is given means nothing. */
  permute(unused: number): void;
  chain(steps: number): void;
  chainPair(steps: number): void;
}

/**
 * SHA3-256 in WebAssembly, for hosts: chains of thousands of hashes are what signatures cost, and
 * JavaScript has no 64-bit words. One memory, so one hash at a time, which is all that is
 * synchronous.
 */
class WasmSha3 implements Sha3 {
  readonly name = "wasm";
  readonly #exports: Exports;
  readonly #state: Uint8Array;
  readonly #words: Uint32Array;

  constructor() {
    const module = new WebAssembly.Module(keccakModule());
    this.#exports = new WebAssembly.Instance(module).exports as Exports;
    const { buffer } = this.#exports.memory;
    this.#state = new Uint8Array(buffer, STATE, 400);
    this.#words = new Uint32Array(buffer, STATE, 16);
    const constants = new BigUint64Array(buffer, CONSTANTS, 2 * ROUNDS);
    constants.set(roundConstants().flatMap((value) => [value, value]));
  }

  sha3_256(message: Uint8Array): Uint8Array {
    const state = this.#state;
    state.fill(0);
    let at = 0;
    for (let i = 0; i < message.length; i++) {
      state[at] = state[at]! ^ message[i]!;
      if (++at < RATE) continue;
      this.#exports.permute(0);
      at = 0;
    }
    // FIPS 202 6.1 and B.2: the two bits of SHA-3, and the padding.
    state[at] = state[at]! ^ 0x06;
    state[RATE - 1] = state[RATE - 1]! ^ 0x80;
    this.#exports.permute(0);
    return state.slice(0, 32);
  }

  sha3_256Chain(start: Uint8Array, times: number): Uint8Array {
    checkChain(start, times);
    const end = start.slice();
    this.#single(end, times);
    this.#state.fill(0); // what passes through may be a secret
    return end;
  }

  /** Two by two, the longest first, so that a pair has nearly one length. */
  sha3_256Chains(values: Uint8Array, steps: Uint8Array): void {
    const order = Array.from(steps, (_, i) => i).sort((i, k) => steps[k]! - steps[i]!);
    const words = wordsOf(values);
    for (let at = 0; at < order.length; at += 2) {
      const [i, k] = [order[at]!, order[at + 1]];
      const common = k === undefined ? 0 : steps[k]!;
      if (common > 0) this.#pair(words, i, k!, common);
      this.#rest(words, i, steps[i]! - common);
    }
    if (words.buffer !== values.buffer) values.set(new Uint8Array(words.buffer));
    this.#state.fill(0);
  }

  #single(value: Uint8Array, steps: number): void {
    if (steps === 0) return;
    this.#state.set(value);
    this.#exports.chain(steps);
    value.set(this.#state.subarray(0, 32));
  }

  #rest(words: Uint32Array, i: number, steps: number): void {
    if (steps === 0) return;
    const state = this.#words;
    for (let word = 0; word < 8; word++) state[word] = words[8 * i + word]!;
    this.#exports.chain(steps);
    for (let word = 0; word < 8; word++) words[8 * i + word] = state[word]!;
  }

  /** Lane by lane, one of each. By words: copies of a few bytes cost more than they carry. */
  #pair(words: Uint32Array, i: number, k: number, steps: number): void {
    const state = this.#words;
    for (let word = 0; word < 8; word++) {
      const place = 4 * (word >> 1) + (word & 1);
      state[place] = words[8 * i + word]!;
      state[place + 2] = words[8 * k + word]!;
    }
    this.#exports.chainPair(steps);
    for (let word = 0; word < 8; word++) {
      const place = 4 * (word >> 1) + (word & 1);
      words[8 * i + word] = state[place]!;
      words[8 * k + word] = state[place + 2]!;
    }
  }
}

/** The bytes as words: themselves where they lie so, else a copy. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  // Not `slice`, which for a Buffer of Node is no copy.
  const { buffer, byteOffset, length } = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  return new Uint32Array(buffer, byteOffset, length / 4);
}

/** SHA3-256 in WebAssembly; compiling it takes some milliseconds. */
export function wasmSha3(): Sha3 {
  return new WasmSha3();
}

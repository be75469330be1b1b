import { checkChain, type Sha3 } from "../protocol/crypto/sha3.ts";
import {
  CONSTANTS,
  keccakModule,
  PAIR_STATE,
  RATE,
  ROUNDS,
  roundConstants,
  STATE,
} from "./keccak-wasm.ts";

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
  chainThree(steps: number): void;
}

/** Where a chain's value lies while it is hashed: its first 32-bit word, and from there to the third. */
const PLACES = Object.freeze([
  { first: STATE / 4, next: 2 },
  { first: PAIR_STATE / 4, next: 4 },
  { first: PAIR_STATE / 4 + 2, next: 4 },
]);

/** A chain on its way. */
interface Running {
  readonly chain: number;
  left: number;
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
    this.#state = new Uint8Array(buffer, STATE, 200);
    this.#words = new Uint32Array(buffer, STATE, CONSTANTS / 4);
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
    if (times === 0) return end;
    this.#state.set(start);
    this.#exports.chain(times);
    end.set(this.#state.subarray(0, 32));
    this.#forget(); // what passes through may be a secret
    return end;
  }

  /**
   * Three at a time: as soon as one has ended the next takes its place. The longest first, so that
   * what is left alone at last is short.
   */
  sha3_256Chains(values: Uint8Array, steps: Uint8Array): void {
    const order = Array.from(steps, (_, i) => i).filter((i) => steps[i]! > 0);
    order.sort((i, k) => steps[k]! - steps[i]!);
    const words = wordsOf(values);
    const running: (Running | undefined)[] = [undefined, undefined, undefined];
    let next = 0;
    for (;;) {
      for (let place = 0; place < 3; place++) {
        if (running[place] !== undefined || next === order.length) continue;
        const chain = order[next++]!;
        this.#put(place, words, chain);
        running[place] = { chain, left: steps[chain]! };
      }
      if (running.includes(undefined)) break;
      const common = Math.min(...running.map((one) => one!.left));
      this.#exports.chainThree(common);
      running.forEach((one, place) => {
        one!.left -= common;
        if (one!.left > 0) return;
        this.#take(place, words, one!.chain);
        running[place] = undefined;
      });
    }
    this.#finish(running, words);
    if (words.buffer !== values.buffer) values.set(new Uint8Array(words.buffer));
    this.#forget();
  }

  /** One or two that have nobody beside them. */
  #finish(running: readonly (Running | undefined)[], words: Uint32Array): void {
    running.forEach((one, place) => {
      if (one === undefined) return;
      this.#take(place, words, one.chain);
      this.#put(0, words, one.chain);
      this.#exports.chain(one.left);
      this.#take(0, words, one.chain);
    });
  }

  /** By words: copies of a few bytes cost more than they carry. */
  #put(place: number, words: Uint32Array, chain: number): void {
    const { first, next } = PLACES[place]!;
    for (let word = 0; word < 8; word++)
      this.#words[first + next * (word >> 1) + (word & 1)] = words[8 * chain + word]!;
  }

  #take(place: number, words: Uint32Array, chain: number): void {
    const { first, next } = PLACES[place]!;
    for (let word = 0; word < 8; word++)
      words[8 * chain + word] = this.#words[first + next * (word >> 1) + (word & 1)]!;
  }

  #forget(): void {
    this.#words.fill(0);
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

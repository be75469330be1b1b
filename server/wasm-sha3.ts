import { checkChain, type Sha3 } from "../protocol/crypto/sha3.ts";
import { RATE } from "./keccak-strand.ts";
import {
  BLOCK,
  CONSTANTS,
  keccakModule,
  PAIRS,
  pairState,
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
  /** All have one type; what `absorb` is given means nothing. */
  absorb(unused: number): void;
  chain(steps: number): void;
  chainSeven(steps: number): void;
}

/** Where a chain's value lies while it is hashed: its first 32-bit word, and from there to the third. */
const PLACES = Object.freeze([
  { first: STATE / 4, next: 2 },
  ...Array.from({ length: 2 * PAIRS }, (_, n) => ({
    first: pairState(n >> 1) / 4 + 2 * (n & 1),
    next: 4,
  })),
]);

/** Chains from which on all places take no longer than one chain after the other. */
const WORTH_ALL_PLACES = 4;

/**
 * SHA3-256 in WebAssembly, for hosts: chains of thousands of hashes are what signatures cost, and
 * JavaScript has no 64-bit words. One memory, so one hash at a time, which is all that is
 * synchronous.
 */
class WasmSha3 implements Sha3 {
  readonly name = "wasm";
  readonly #exports: Exports;
  readonly #state: Uint8Array;
  readonly #block: Uint8Array;
  readonly #words: Uint32Array;
  /** Of the chain at each place, if any: which it is, and the steps that are left. */
  readonly #chains = new Uint32Array(PLACES.length);
  readonly #left = new Uint8Array(PLACES.length);

  constructor() {
    const module = new WebAssembly.Module(keccakModule());
    this.#exports = new WebAssembly.Instance(module).exports as Exports;
    const { buffer } = this.#exports.memory;
    this.#state = new Uint8Array(buffer, STATE, 200);
    this.#block = new Uint8Array(buffer, BLOCK, RATE);
    this.#words = new Uint32Array(buffer, STATE, CONSTANTS / 4);
    const constants = roundConstants().flatMap((value) => [value, value]);
    new BigUint64Array(buffer, CONSTANTS, constants.length).set(constants);
  }

  sha3_256(message: Uint8Array): Uint8Array {
    const block = this.#block;
    this.#state.fill(0);
    let at = 0;
    for (; at + RATE <= message.length; at += RATE) {
      block.set(message.subarray(at, at + RATE));
      this.#exports.absorb(0);
    }
    block.fill(0);
    block.set(at === 0 ? message : message.subarray(at));
    // FIPS 202 6.1 and B.2: the two bits of SHA-3, and the padding.
    block[message.length - at] = 0x06;
    block[RATE - 1] = block[RATE - 1]! ^ 0x80;
    this.#exports.absorb(0);
    block.fill(0); // it may be a secret
    return this.#state.slice(0, 32);
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
   * Seven at a time: as soon as one has ended the next takes its place. The longest first, so that
   * what is left at last is short.
   */
  sha3_256Chains(values: Uint8Array, steps: Uint8Array): void {
    const order = longestFirst(steps);
    const words = wordsOf(values);
    const left = this.#left;
    let next = 0;
    for (;;) {
      let [running, common] = [0, 255];
      for (let place = 0; place < left.length; place++) {
        if (left[place] === 0 && next < order.length)
          this.#begin(place, words, order[next++]!, steps);
        if (left[place] === 0) continue;
        running++;
        common = Math.min(common, left[place]!);
      }
      if (running < WORTH_ALL_PLACES) break;
      this.#exports.chainSeven(common);
      for (let place = 0; place < left.length; place++) {
        if (left[place] === 0) continue;
        left[place] = left[place]! - common;
        if (left[place] === 0) this.#take(place, words, this.#chains[place]!);
      }
    }
    this.#finish(words);
    if (words.buffer !== values.buffer) values.set(new Uint8Array(words.buffer));
    this.#forget();
  }

  #begin(place: number, words: Uint32Array, chain: number, steps: Uint8Array): void {
    this.#put(place, words, chain);
    this.#chains[place] = chain;
    this.#left[place] = steps[chain]!;
  }

  /** The few that are left. */
  #finish(words: Uint32Array): void {
    for (let place = 0; place < PLACES.length; place++) {
      const chain = this.#chains[place]!;
      if (this.#left[place] === 0) continue;
      this.#take(place, words, chain);
      this.#put(0, words, chain);
      this.#exports.chain(this.#left[place]!);
      this.#take(0, words, chain);
      this.#left[place] = 0;
    }
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

/** Which chains have steps, those with most of them first. */
function longestFirst(steps: Uint8Array): Uint32Array {
  const ends = new Uint32Array(256);
  for (let i = 0; i < steps.length; i++) ends[steps[i]!]!++;
  for (let count = 254; count > 0; count--) ends[count]! += ends[count + 1]!;
  const order = new Uint32Array(ends[1]!);
  for (let i = steps.length - 1; i >= 0; i--) if (steps[i]! > 0) order[--ends[steps[i]!]!] = i;
  return order;
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

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

  constructor() {
    const module = new WebAssembly.Module(keccakModule());
    this.#exports = new WebAssembly.Instance(module).exports as Exports;
    const { buffer } = this.#exports.memory;
    this.#state = new Uint8Array(buffer, STATE, 400);
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
    const value = (i: number) => values.subarray(32 * i, 32 * i + 32);
    for (let at = 0; at < order.length; at += 2) {
      const [i, k] = [order[at]!, order[at + 1]];
      const common = k === undefined ? 0 : steps[k]!;
      if (common > 0) this.#pair(value(i), value(k!), common);
      this.#single(value(i), steps[i]! - common);
    }
    this.#state.fill(0);
  }

  #single(value: Uint8Array, steps: number): void {
    if (steps === 0) return;
    this.#state.set(value);
    this.#exports.chain(steps);
    value.set(this.#state.subarray(0, 32));
  }

  #pair(one: Uint8Array, two: Uint8Array, steps: number): void {
    const state = this.#state;
    for (let lane = 0; lane < 4; lane++) {
      state.set(one.subarray(8 * lane, 8 * lane + 8), 16 * lane);
      state.set(two.subarray(8 * lane, 8 * lane + 8), 16 * lane + 8);
    }
    this.#exports.chainPair(steps);
    for (let lane = 0; lane < 4; lane++) {
      one.set(state.subarray(16 * lane, 16 * lane + 8), 8 * lane);
      two.set(state.subarray(16 * lane + 8, 16 * lane + 16), 8 * lane);
    }
  }
}

/** SHA3-256 in WebAssembly; compiling it takes some milliseconds. */
export function wasmSha3(): Sha3 {
  return new WasmSha3();
}

import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { type ChainRun, chainsLater, type Sha3 } from "../protocol/crypto/sha3.ts";
import { SHARED_LENGTH, SharedChains } from "./shared-chains.ts";
import { wasmSha3 } from "./wasm-sha3.ts";

/** Chains below which it is not worth waking anybody: 16 signatures, some 11 ms. */
const WORTH_SHARING = 16 * 34;
/** Threads besides the one that asks; more would wait for memory, and for work. */
const MOST_HELPERS = 3;

/**
 * SHA3-256 in WebAssembly that shares out the chains of public values, which are those of
 * signatures that are verified, to the machine's other cores. Whatever may be secret stays in this thread. The
 * helpers begin with the first run that is large enough, keep no process alive, and end with it.
 */
class ThreadedSha3 implements Sha3 {
  readonly name = "wasm";
  readonly #own = wasmSha3();
  readonly #helpers: number;
  /** `undefined` where there can be no helpers; then this thread does all. */
  #shared: SharedChains | undefined;
  #workers: readonly Worker[] | undefined;

  constructor(helpers: number) {
    this.#helpers = helpers;
  }

  sha3_256(message: Uint8Array): Uint8Array {
    return this.#own.sha3_256(message);
  }

  sha3_256Chain(start: Uint8Array, times: number): Uint8Array {
    return this.#own.sha3_256Chain(start, times);
  }

  sha3_256Chains(values: Uint8Array, steps: Uint8Array): void {
    this.#own.sha3_256Chains!(values, steps);
  }

  beginPublicChains(values: Uint8Array, steps: Uint8Array): ChainRun {
    if (steps.length >= WORTH_SHARING && this.#workers === undefined) this.#start();
    if (steps.length < WORTH_SHARING || this.#shared === undefined)
      return chainsLater(this.#own, values, steps);
    return this.#shared.begin(values, steps);
  }

  #start(): void {
    const memory = new SharedArrayBuffer(SHARED_LENGTH);
    this.#shared = new SharedChains(memory, this.#own);
    try {
      this.#workers = Array.from({ length: this.#helpers }, () => this.#worker(memory));
    } catch {
      this.#end(); // no threads are allowed here (`node --permission`)
    }
  }

  #worker(memory: SharedArrayBuffer): Worker {
    const file = new URL("./chain-worker.ts", import.meta.url);
    const worker = new Worker(file, { workerData: memory, execArgv: [] });
    worker.on("error", () => this.#end());
    worker.unref();
    return worker;
  }

  #end(): void {
    for (const worker of this.#workers ?? []) void worker.terminate();
    this.#workers ??= [];
    this.#shared = undefined;
  }
}

/**
 * SHA3-256 for hosts that verify many signatures; on a machine with one core it is `wasmSha3`.
 * @param helpers threads besides this one; one for each other core when absent, 3 at most
 */
export function threadedSha3(
  helpers: number = Math.min(availableParallelism() - 1, MOST_HELPERS),
): Sha3 {
  return helpers > 0 ? new ThreadedSha3(helpers) : wasmSha3();
}

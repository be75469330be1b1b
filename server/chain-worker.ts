/** A thread that computes hash chains of signatures; see `ThreadedSha3`. */
import { workerData } from "node:worker_threads";
import { SharedChains } from "./shared-chains.ts";
import { wasmSha3 } from "./wasm-sha3.ts";

new SharedChains(workerData as SharedArrayBuffer, wasmSha3()).help();

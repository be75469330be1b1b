import { sha3_256 } from "@noble/hashes/sha3.js";
import { checkChain, type Sha3 } from "./sha3.ts";

/** noble's SHA3-256: desk, CI and an independent check of the other two. */
export const nobleSha3: Sha3 = Object.freeze({
  name: "noble",
  sha3_256: (message: Uint8Array) => sha3_256(message),
  sha3_256Chain: (start: Uint8Array, times: number) => {
    checkChain(start, times);
    let value = start.slice();
    for (let i = 0; i < times; i++) value = sha3_256(value);
    return value;
  },
});

import { checkChain, type Sha3 } from "../../protocol/crypto/sha3.ts";
import type { NativeKeccak } from "./native-crypto.ts";

/** SHA3-256 in C, as the claims room sees it. */
export function nativeSha3(native: NativeKeccak): Sha3 {
  return Object.freeze({
    name: "keccak.c",
    sha3_256: (message: Uint8Array) => new Uint8Array(native.sha3_256(message)),
    sha3_256Chain: (start: Uint8Array, times: number) => {
      checkChain(start, times);
      return new Uint8Array(native.sha3_256Chain(start, times));
    },
  });
}

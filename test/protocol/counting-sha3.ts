import type { Sha3 } from "../../protocol/crypto/sha3.ts";

/** A provider that counts the hashes of chains, which are what signatures cost. */
export function countingSha3(sha3: Sha3, { withoutBatches = false } = {}) {
  const counting = {
    name: "counting",
    steps: 0,
    sha3_256: (message: Uint8Array) => sha3.sha3_256(message),
    sha3_256Chain: (start: Uint8Array, times: number) => {
      counting.steps += times;
      return sha3.sha3_256Chain(start, times);
    },
    ...(withoutBatches
      ? {}
      : {
          sha3_256Chains: (values: Uint8Array, steps: Uint8Array) => {
            for (const count of steps) counting.steps += count;
            sha3.sha3_256Chains!(values, steps);
          },
        }),
  };
  return counting;
}

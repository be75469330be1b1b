import assert from "node:assert/strict";
import fc from "fast-check";
import type { CryptoProvider } from "../../protocol/crypto/provider.ts";

/** Bytes of just that length. */
export const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
export const upTo = (maxLength: number) => fc.uint8Array({ maxLength });

/** A test that both providers give the same result, whatever they are given. */
export function agreement(one: CryptoProvider, other: CryptoProvider, runs: number) {
  return function agree<T extends unknown[]>(
    arbitrary: fc.Arbitrary<T>,
    call: (crypto: CryptoProvider, ...args: T) => unknown,
    numRuns = runs,
  ): void {
    fc.assert(
      fc.property(arbitrary, (args) => {
        assert.deepEqual(call(one, ...args), call(other, ...args));
      }),
      { numRuns },
    );
  };
}

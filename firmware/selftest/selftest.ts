import type { CryptoProvider } from "../../protocol/crypto/provider.ts";
import type { Timer } from "../../protocol/platform.ts";
import { type CheckResult, runCheck } from "./check.ts";
import { cryptoChecks } from "./crypto-checks.ts";
import { engineChecks } from "./engine-checks.ts";

/**
 * Runs every check, one in each turn of the event loop: a door must not wait for a self-test.
 * @returns how to call it off
 */
export function runSelfTest(
  { crypto, timer }: { readonly crypto: CryptoProvider; readonly timer: Timer },
  onResult: (result: CheckResult) => void,
  onEnd: (passed: number, failed: number) => void,
): () => void {
  const checks = [...engineChecks(), ...cryptoChecks(crypto)];
  let at = 0;
  let failed = 0;
  const next = (): void => {
    const check = checks[at++];
    if (check === undefined) {
      onEnd(checks.length - failed, failed);
      return;
    }
    const result = runCheck(check);
    if (!result.ok) failed++;
    handle = timer.set(next, 0);
    onResult(result);
  };
  let handle = timer.set(next, 0);
  return () => timer.clear(handle);
}

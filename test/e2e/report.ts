import type { CryptoAccount } from "../../host-sim/crypto-cost.ts";
import { inMs } from "../../host-sim/tap-watch.ts";
import type { Usage } from "../../host-sim/usage.ts";

/** Prints where virtual time went: figures for the log, never something that a test judges by. */
export function printBreakdown(
  title: string,
  tookUs: number,
  usage: Usage,
  accounts: readonly CryptoAccount[] = [],
): void {
  const parts = Object.entries(inMs(usage)).map(([name, ms]) => `${name} ${ms.toFixed(1)}`);
  console.log(`      ${title}: ${(tookUs / 1000).toFixed(1)} ms (${parts.join(", ")})`);
  for (const { operation, calls, timeUs } of accounts) {
    const each = (timeUs / 1000 / calls).toFixed(2);
    console.log(`        ${operation} × ${calls}: ${(timeUs / 1000).toFixed(1)} ms, ${each} each`);
  }
}

/**
 * `node bench/m33.ts`: instructions of a Cortex-M33 for each call of cryptography in C, exact and the same
 * in every run. Needs gcc-arm-none-eabi, libnewlib-arm-none-eabi and qemu-system-arm.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nobleCrypto } from "../protocol/crypto/noble.ts";
import { SECRET_CALLS, traceM33 } from "../test/support/m33-trace.ts";
import { compileNative, M33_BUILD } from "../test/support/native-builds.ts";

const folder = mkdtempSync(join(tmpdir(), "latchkey-m33-"));
try {
  const program = join(folder, "driver");
  compileNative(M33_BUILD, program);
  const seed = new Uint8Array(32).fill(1);
  const message = new Uint8Array(100).fill(0x61);
  const key = nobleCrypto.ed25519PublicKey(seed);
  const calls = [
    ["lkEd25519Verify", "verify", key, message, nobleCrypto.ed25519Sign(seed, message)] as const,
    ...SECRET_CALLS.map(([entry, word, ...rest]) => [entry, word, seed, ...rest] as const),
  ];
  for (const [entry, word, ...parts] of calls) {
    const { instructions } = traceM33(program, entry, word, ...parts);
    console.log(`${entry.padEnd(20)}${instructions.toLocaleString("en-US").padStart(12)}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}

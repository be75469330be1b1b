import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toHex } from "../../protocol/encoding/hex.ts";
import { M33_BUILD } from "./native-builds.ts";

export interface Trace {
  readonly instructions: number;
  /** Of the addresses of all of them, in their order. */
  readonly digest: string;
}

// As of the question of a tap: its nonce, what it is bound to, and its text.
const NONCE = new Uint8Array(12).fill(3);
const AAD = new Uint8Array(154).fill(0x61);
const TEXT = new Uint8Array(240).fill(0x62);

/** Calls with a secret: the function, the driver's word for it, and what comes behind the secret. */
export const SECRET_CALLS: readonly (readonly [string, string, ...Uint8Array[]])[] = [
  ["lkEd25519PublicKey", "public"],
  ["lkEd25519Sign", "sign", new Uint8Array(32).fill(9), new Uint8Array(100).fill(0x61)],
  ["lkX25519PublicKey", "xpublic"],
  ["lkX25519", "x", new Uint8Array(32).fill(9)],
  ["lkSha3_256Chain", "chain", Uint8Array.of(0, 1)],
  ["lkHmacSha256", "hmac", new Uint8Array(100).fill(0x61)],
  ["lkHkdfSha256", "hkdf", new Uint8Array(16), new Uint8Array(22), Uint8Array.of(0, 32)],
  ["lkAesStart", "aes-seal", NONCE, AAD, TEXT],
  ["lkGcmSeal", "aes-seal", NONCE, AAD, TEXT],
  ["lkGcmFits", "aes-fits", NONCE, AAD, TEXT],
  ["lkAesCbcDecrypt", "aes-cbc-decrypt", new Uint8Array(16), new Uint8Array(48)],
];

/**
 * What one call of `entry` runs on the emulated M33, for one line of the driver: every instruction
 * from its first to its return, as the emulator writes them down.
 */
export function traceM33(
  program: string,
  entry: string,
  operation: string,
  ...parts: readonly Uint8Array[]
): Trace {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-trace-"));
  const log = join(folder, "log");
  try {
    const [emulator, ...flags] = M33_BUILD.run;
    // Each instruction is a block of its own, and each block that runs is a line.
    const traced = ["-singlestep", "-d", "exec,nochain", "-D", log, ...flags, program];
    const input = `${operation} ${parts.map(toHex).join(" ")}\n`;
    const { status } = spawnSync(emulator!, traced, { input });
    if (status !== 0) throw new Error(`the emulator ended with ${status}`);
    return between(readFileSync(log, "latin1"), entry);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Lines are `Trace 0: HOST [FLAGS/ADDRESS/…] SYMBOL`. */
function between(log: string, entry: string): Trace {
  const symbolOf = (end: number) => log.slice(log.lastIndexOf("]", end) + 2, end);
  const first = log.lastIndexOf("\n", log.indexOf(`] ${entry}\n`));
  if (first < 0) throw new Error(`${entry} was not called`);
  const caller = symbolOf(first);
  const hash = createHash("sha256");
  let instructions = 0;
  for (let start = first + 1; ; instructions++) {
    const end = log.indexOf("\n", start);
    if (end < 0) throw new Error(`${entry} did not return`);
    if (symbolOf(end) === caller) break;
    const at = log.indexOf("/", start) + 1;
    hash.update(log.slice(at, log.indexOf("/", at)));
    start = end + 1;
  }
  return { instructions, digest: hash.digest("hex") };
}

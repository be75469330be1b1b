import { LatchkeyError } from "../protocol/errors.ts";

const TIMEOUT_MS = 5_000;
/** A list of a million entries that hardly packs, in base64url, with its chain. */
const BYTES_MAX = 2 ** 20;

/**
 * Another issuer's status list, as text. The address is one that an admin has named; where it
 * would send us on is not. @throws network-failed, network-timeout
 */
export async function fetchStatusList(uri: string): Promise<string> {
  const headers = { accept: "application/statuslist+jwt" };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await fetch(uri, { headers, signal, redirect: "error" });
    if (!response.ok || response.body === null) throw new Error(`status ${response.status}`);
    const pieces: Uint8Array[] = [];
    let length = 0;
    for await (const piece of response.body) {
      length += piece.length;
      if (length > BYTES_MAX) throw new Error("too long");
      pieces.push(piece);
    }
    return Buffer.concat(pieces).toString();
  } catch (cause) {
    const late = cause instanceof Error && cause.name === "TimeoutError";
    throw new LatchkeyError(late ? "network-timeout" : "network-failed", { cause });
  }
}

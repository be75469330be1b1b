import { createHash } from "node:crypto";
import type { Redis } from "ioredis";

export type Argument = string | number | Uint8Array;

const names = new Map<string, string>();

/** The name under which Redis keeps a script: SHA-1 of its text. */
function nameOf(script: string): string {
  const known = names.get(script);
  if (known !== undefined) return known;
  const name = createHash("sha1").update(script).digest("hex");
  names.set(script, name);
  return name;
}

/**
 * A script's answer; bytes come as Buffers. By the script's name: its text goes along only when
 * Redis does not know it, and has done nothing then.
 */
export async function evaluate(
  redis: Redis,
  script: string,
  ...values: readonly Argument[]
): Promise<unknown> {
  const given = values.map((each) =>
    each instanceof Uint8Array ? Buffer.from(each.buffer, each.byteOffset, each.byteLength) : each,
  );
  try {
    return await redis.callBuffer("EVALSHA", nameOf(script), 0, ...given);
  } catch (error) {
    if (!(error as Error).message.startsWith("NOSCRIPT")) throw error;
    return redis.callBuffer("EVAL", script, 0, ...given);
  }
}

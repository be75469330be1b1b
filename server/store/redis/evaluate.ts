import { createHash } from "node:crypto";
import type { Redis } from "ioredis";

/** Commands that ioredis has and its types lack; unlike `callBuffer` they go into pipelines. */
interface Scripting {
  evalshaBuffer(name: string, keys: number, ...values: readonly unknown[]): Promise<unknown>;
  evalBuffer(script: string, keys: number, ...values: readonly unknown[]): Promise<unknown>;
}

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
  const scripting = redis as unknown as Scripting;
  try {
    return await scripting.evalshaBuffer(nameOf(script), 0, ...given);
  } catch (error) {
    if (!(error as Error).message.startsWith("NOSCRIPT")) throw error;
    return scripting.evalBuffer(script, 0, ...given);
  }
}

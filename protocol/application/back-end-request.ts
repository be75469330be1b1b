import { LatchkeyError, malformed } from "../errors.ts";

/** The longest target: path and query of an address. */
const TARGET_MAX = 512;

/**
 * What stands for the path in the envelopes of a back end: method and target as the application
 * sent them. Who alters either on the way has an envelope that does not open.
 * @param target `/orders?page=2`
 * @throws malformed
 */
export function sealedTarget(audience: string, method: string, target: string): string {
  if (!/^[A-Z]{1,16}$/.test(method)) throw malformed("method", "not a method in capitals");
  if (target.length > TARGET_MAX || !/^\/[\x21-\x7e]*$/.test(target))
    throw malformed("target", `not a path of ${TARGET_MAX} characters at most`);
  return `${audience} ${method} ${target}`;
}

/** A back end's name is part of tokens and transcripts. @throws config-invalid */
export function checkAudience(audience: string): string {
  if (/^[a-z0-9-]{1,64}$/.test(audience)) return audience;
  throw new LatchkeyError("config-invalid", {
    message: "audience: 1 to 64 of a-z, 0-9 and hyphen",
    detail: { field: "audience" },
  });
}

import { LatchkeyError } from "../../errors.ts";
import type { JsonObject, JsonReader } from "../../json/reader.ts";

/** Where a credential's status is: an entry of a Token Status List. */
export interface StatusReference {
  readonly uri: string;
  readonly index: number;
}

/** The claim `status` (Token Status List §6.1). */
export function writeStatus({ uri, index }: StatusReference): JsonObject {
  return { status_list: { idx: index, uri } };
}

/**
 * The reference of a credential, if it has a status at all. Other ways to say it are not known
 * here, and a status that cannot be checked is no status that may be ignored.
 * @throws status-reference-invalid
 */
export function readStatus(claims: JsonReader): StatusReference | undefined {
  if (!claims.has("status")) return undefined;
  try {
    const list = claims.object("status").object("status_list");
    return { uri: list.string("uri", { max: 2048 }), index: list.uint("idx") };
  } catch (cause) {
    throw new LatchkeyError("status-reference-invalid", { cause });
  }
}

import type { HumanVerifier, SignEs256 } from "../../crypto/p256.ts";
import { toBase64Url } from "../../encoding/base64.ts";
import { LatchkeyError } from "../../errors.ts";
import type { JsonObject, JsonReader } from "../../json/reader.ts";
import {
  type CompactJws,
  checkJws,
  parseJws,
  signJws,
  strictBase64Url,
} from "../jose/compact-jws.ts";
import { StatusArray, type StatusBits } from "./bit-array.ts";
import { type Compression, LIST_BYTES_MAX, LIST_TEXT_MAX, unpackedList } from "./compression.ts";

const TYP = "statuslist+jwt";
const TOKEN = "status-list";
const TTL_MAX = 31_536_000;

/** A list as it is published (draft-ietf-oauth-status-list-21 §5.1). */
export interface StatusListFields {
  /** Where it is published; the same text stands in every credential of the list. */
  readonly uri: string;
  /** Unix seconds. */
  readonly issuedAt: number;
  /** Not used from this second on. */
  readonly expiresAt: number;
  /** How long a copy may be kept before the next one is fetched, in seconds. */
  readonly ttlSeconds: number;
}

export interface StatusList extends StatusListFields {
  readonly statuses: StatusArray;
}

/** `status_list` of a list: its bits, packed. */
export function packStatuses(statuses: StatusArray, { deflate }: Compression): JsonObject {
  return { bits: statuses.bits, lst: toBase64Url(deflate(statuses.bytes)) };
}

function bitsOf(body: JsonReader): StatusBits {
  const bits = body.uint("bits", { max: 8 });
  if (bits === 1 || bits === 2 || bits === 4 || bits === 8) return bits;
  throw new LatchkeyError("status-list-invalid");
}

/** The inverse. @throws status-list-invalid, status-list-too-large */
export function unpackStatuses(body: JsonReader, { inflate }: Compression): StatusArray {
  const lst = body.any("lst");
  if (typeof lst !== "string") throw new LatchkeyError("status-list-invalid");
  if (lst.length > LIST_TEXT_MAX) throw new LatchkeyError("status-list-too-large");
  const bytes = unpackedList(inflate(strictBase64Url(lst, "lst"), LIST_BYTES_MAX));
  return new StatusArray(bitsOf(body), bytes);
}

/** Signs a list. The header may carry the chain of the signer's certificate (`x5c`). */
export function signStatusList(
  { uri, issuedAt, expiresAt, ttlSeconds, statuses }: StatusList,
  header: JsonObject,
  sign: SignEs256,
  compression: Compression,
): Promise<string> {
  const payload = {
    ...{ sub: uri, iat: issuedAt, exp: expiresAt, ttl: ttlSeconds },
    status_list: packStatuses(statuses, compression),
  };
  return signJws({ ...header, typ: TYP }, payload, sign);
}

export interface ReadStatusListOptions {
  /** What the credential says; another list's token is refused (§8.3). */
  readonly uri: string;
  readonly nowUnix: number;
  /** Gives the key that may sign this list, or throws. */
  readonly issuerKey: (jws: Pick<CompactJws, "header">) => Uint8Array;
  readonly compression: Compression;
}

function readFields({ payload }: { payload: JsonReader }): StatusListFields {
  return {
    uri: payload.string("sub", { max: 2048 }),
    issuedAt: payload.uint("iat"),
    expiresAt: payload.uint("exp"),
    ttlSeconds: payload.optionalUint("ttl", { max: TTL_MAX }) ?? 0,
  };
}

/**
 * Reads a list that was fetched. A list without an end is refused: whoever can hold the next one
 * back could use it for ever.
 * @throws status-list-invalid (cause says what), status-list-foreign, status-list-expired,
 *   status-list-too-large
 */
export function readStatusList(
  crypto: HumanVerifier,
  token: string,
  { uri, nowUnix, issuerKey, compression }: ReadStatusListOptions,
): StatusList {
  if (token.length > 2 * LIST_TEXT_MAX) throw new LatchkeyError("status-list-too-large");
  try {
    const jws = parseJws(token, TYP, TOKEN, { limits: { length: 2 * LIST_TEXT_MAX, depth: 12 } });
    checkJws(crypto, jws, issuerKey(jws), TOKEN);
    const fields = readFields(jws);
    if (fields.uri !== uri) throw new LatchkeyError("status-list-foreign");
    if (nowUnix >= fields.expiresAt || nowUnix + 60 < fields.issuedAt)
      throw new LatchkeyError("status-list-expired");
    return { ...fields, statuses: unpackStatuses(jws.payload.object("status_list"), compression) };
  } catch (cause) {
    if (cause instanceof LatchkeyError && cause.code.startsWith("status-")) throw cause;
    throw new LatchkeyError("status-list-invalid", { cause });
  }
}

import { toBase64Url } from "../../encoding/base64.ts";
import { LatchkeyError } from "../../errors.ts";
import type { JsonObject } from "../../json/reader.ts";
import { strictBase64Url } from "../jose/compact-jws.ts";
import { ENTRIES_MIN, mirrorBits, STATUS, StatusArray } from "./bit-array.ts";
import { type Compression, LIST_BYTES_MAX, LIST_TEXT_MAX, unpackedList } from "./compression.ts";

/** Multibase's letter for base64url without padding. */
const BASE64URL = "u";

/** What a bit of W3C's list is about: it knows one purpose per list. */
export type StatusPurpose = "revocation" | "suspension";

const STATUS_OF: Readonly<Record<StatusPurpose, number>> = Object.freeze({
  revocation: STATUS.invalid,
  suspension: STATUS.suspended,
});

/** One bit per entry, whatever the array has: set where the status is the purpose's. */
export function bitsOfPurpose(statuses: StatusArray, purpose: StatusPurpose): StatusArray {
  const { length } = statuses;
  const bits = StatusArray.ofSize(1, length);
  for (let i = 0; i < length; i++) if (statuses.get(i) === STATUS_OF[purpose]) bits.set(i, 1);
  return bits;
}

/** `encodedList` (W3C Bitstring Status List v1.0 §3.2): GZIP, highest bit first, multibase. */
export function encodeBitstring(bits: StatusArray, { gzip }: Compression): string {
  if (bits.bits !== 1) throw new RangeError("bitstring: one bit per entry");
  if (bits.length < ENTRIES_MIN) throw new RangeError(`bitstring: ${ENTRIES_MIN} entries at least`);
  return BASE64URL + toBase64Url(gzip(mirrorBits(bits.bytes)));
}

/**
 * The inverse (§3.3). A list that is too short is refused: its reader would be one of few (§6.1).
 * @throws status-list-invalid, status-list-too-large
 */
export function decodeBitstring(encodedList: string, { gunzip }: Compression): StatusArray {
  if (encodedList.length > LIST_TEXT_MAX) throw new LatchkeyError("status-list-too-large");
  if (!encodedList.startsWith(BASE64URL)) throw new LatchkeyError("status-list-invalid");
  let packed: Uint8Array;
  try {
    packed = strictBase64Url(encodedList.slice(1), "encodedList");
  } catch (cause) {
    throw new LatchkeyError("status-list-invalid", { cause });
  }
  const bytes = unpackedList(gunzip(packed, LIST_BYTES_MAX));
  if (bytes.length * 8 < ENTRIES_MIN) throw new LatchkeyError("status-list-invalid");
  return new StatusArray(1, mirrorBits(bytes));
}

export interface BitstringCredential {
  /** Where the list is published. */
  readonly id: string;
  /** URL or DID of the issuer. */
  readonly issuer: string;
  readonly purpose: StatusPurpose;
  /** RFC 3339 with Z. */
  readonly validFrom: string;
  readonly validUntil: string;
}

/** The `BitstringStatusListCredential` (§2.2), unsecured: whoever publishes it signs it. */
export function bitstringCredential(
  { id, issuer, purpose, validFrom, validUntil }: BitstringCredential,
  statuses: StatusArray,
  compression: Compression,
): JsonObject {
  return {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    id,
    type: ["VerifiableCredential", "BitstringStatusListCredential"],
    issuer,
    validFrom,
    validUntil,
    credentialSubject: {
      id: `${id}#list`,
      type: "BitstringStatusList",
      statusPurpose: purpose,
      encodedList: encodeBitstring(bitsOfPurpose(statuses, purpose), compression),
    },
  };
}

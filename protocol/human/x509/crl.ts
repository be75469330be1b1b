import type { HumanVerifier, SignEs256 } from "../../crypto/p256.ts";
import { equalBytes, uintBE } from "../../encoding/bytes.ts";
import { toHex } from "../../encoding/hex.ts";
import { LatchkeyError } from "../../errors.ts";
import { type Certificate, keyIdOf, openSigned, signed } from "./certificate.ts";
import { element, explicit, sequence, TAG, unsignedInteger } from "./der.ts";
import { DerReader } from "./der-reader.ts";
import { authorityKeyId, crlNumber, KEY_USAGE, rawExtensions, reasonCode } from "./extensions.ts";
import { OID } from "./oids.ts";
import { ecdsaSha256, readEcdsaSha256 } from "./public-key.ts";
import { readTime, writeTime } from "./time.ts";

/** Longest list that is read, in bytes: about a thousand devices of one person. */
export const CRL_MAX = 48 * 1024;

/** CRLReason (RFC 5280 §5.3.1). */
export const REASON = Object.freeze({ keyCompromise: 1, superseded: 4, cessationOfOperation: 5 });

export interface RevokedSerial {
  readonly serial: Uint8Array;
  /** Unix seconds. */
  readonly at: number;
  /** One of `REASON`. */
  readonly reason: number;
}

export interface CrlFields {
  /** Of the certificates in the list: the root's name. */
  readonly issuer: Uint8Array;
  /** Rises with every list of one issuer. */
  readonly number: number;
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  readonly revoked: readonly RevokedSerial[];
  /** Of the key that signs. */
  readonly publicKey: Uint8Array;
}

/** A CRL that was checked against its signer. */
export interface Crl {
  readonly number: number;
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  /** Serial numbers in hexadecimal. */
  readonly serials: readonly string[];
}

function writeEntry({ serial, at, reason }: RevokedSerial): Uint8Array {
  return sequence(unsignedInteger(serial), writeTime(at), sequence(reasonCode(reason)));
}

/** Makes a v2 CRL (RFC 5280 §5). `sign` is the revocation key's. */
export async function makeCrl(
  crypto: HumanVerifier,
  fields: CrlFields,
  sign: SignEs256,
): Promise<Uint8Array> {
  const { issuer, number, thisUpdate, nextUpdate, revoked, publicKey } = fields;
  const entries = revoked.length === 0 ? [] : [sequence(...revoked.map(writeEntry))];
  const extensions = sequence(
    authorityKeyId(keyIdOf(crypto, publicKey)),
    crlNumber(unsignedInteger(uintBE(number, 6))),
  );
  const toBeSigned = sequence(
    element(TAG.integer, Uint8Array.of(1)), // v2
    ecdsaSha256(),
    issuer,
    writeTime(thisUpdate),
    writeTime(nextUpdate),
    ...entries,
    element(explicit(0), extensions),
  );
  return signed(toBeSigned, await sign(toBeSigned));
}

/** The number of the list; a critical extension means a list that is not what it seems (§5.2). */
function readNumber(list: DerReader): number {
  let number: number | undefined;
  for (const { id, critical, value } of rawExtensions(list)) {
    if (critical) throw list.fail(`a critical extension: ${id}`);
    if (id === OID.crlNumber) number = value.small();
  }
  if (number === undefined) throw list.fail("a list without a number");
  return number;
}

function readSerials(reader: DerReader | undefined): string[] {
  const serials: string[] = [];
  while (reader !== undefined && !reader.atEnd) {
    const entry = reader.inside();
    serials.push(toHex(entry.unsigned()));
    readTime(entry);
    if (!entry.atEnd)
      for (const { id, critical } of rawExtensions(entry))
        if (critical) throw entry.fail(`a critical extension of an entry: ${id}`);
    entry.end();
  }
  return serials;
}

/**
 * A list that `signer` signed and that is in force. `signer` is a certificate that was validated
 * and whose key may sign lists.
 * @throws crl-invalid, crl-stale
 */
export function readCrl(
  crypto: HumanVerifier,
  der: Uint8Array,
  signer: Certificate,
  nowUnix: number,
): Crl {
  if (der.length > CRL_MAX) throw new LatchkeyError("crl-invalid");
  const reader = new DerReader(der, "crl-invalid");
  const { toBeSigned, signature } = openSigned(reader);
  const genuine =
    ((signer.keyUsage ?? 0) & KEY_USAGE.crlSign) !== 0 &&
    crypto.p256Verify(signer.publicKey, toBeSigned, signature);
  if (!genuine) throw new LatchkeyError("crl-invalid", { message: "Not signed by this key." });
  const body = reader.of(toBeSigned).inside();
  if (body.small() !== 1) throw reader.fail("not a CRL of version 2");
  readEcdsaSha256(body);
  if (!equalBytes(body.whole(TAG.sequence), signer.issuer)) throw reader.fail("a foreign issuer");
  const [thisUpdate, nextUpdate] = [readTime(body), readTime(body)];
  const serials = readSerials(body.optional(TAG.sequence));
  const wrapper = body.inside(explicit(0));
  const number = readNumber(wrapper);
  wrapper.end();
  body.end();
  if (nowUnix < thisUpdate || nowUnix >= nextUpdate) throw new LatchkeyError("crl-stale");
  return { number, thisUpdate, nextUpdate, serials };
}

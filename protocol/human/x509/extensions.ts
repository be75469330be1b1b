import { equalBytes } from "../../encoding/bytes.ts";
import { toHex } from "../../encoding/hex.ts";
import { element, implicit, octetString, oid, sequence, TAG, TRUE } from "./der.ts";
import type { DerReader } from "./der-reader.ts";
import { OID } from "./oids.ts";

/** keyUsage bits that we set or look for, as the first byte of the BIT STRING (§4.2.1.3). */
export const KEY_USAGE = Object.freeze({ digitalSignature: 0x80, certSign: 0x04, crlSign: 0x02 });

export interface Extensions {
  /** basicConstraints: `undefined` when absent, which means: no CA. */
  readonly isCa: boolean;
  /** How many CA certificates may follow below; unlimited when absent. */
  readonly pathLength?: number;
  /** First byte of keyUsage; `undefined` when the extension is absent. */
  readonly keyUsage?: number;
  readonly subjectKeyId?: Uint8Array;
  readonly authorityKeyId?: Uint8Array;
}

function extension(id: string, critical: boolean, ...value: readonly Uint8Array[]): Uint8Array {
  const flag = critical ? Uint8Array.from(TRUE) : new Uint8Array(0); // DEFAULT FALSE is left out
  return sequence(oid(id), flag, octetString(...value));
}

/** basicConstraints, critical. A CA of ours has no CA below it: pathLen 0. */
export function basicConstraints(isCa: boolean): Uint8Array {
  const value = isCa
    ? sequence(Uint8Array.from(TRUE), element(TAG.integer, Uint8Array.of(0)))
    : sequence();
  return extension(OID.basicConstraints, true, value);
}

/** keyUsage, critical; DER wants the trailing zero bits left out (X.690 §11.2.2). */
export function keyUsage(bits: number): Uint8Array {
  let unused = 0;
  while (((bits >> unused) & 1) === 0) unused++;
  return extension(OID.keyUsage, true, element(TAG.bitString, Uint8Array.of(unused, bits)));
}

export const subjectKeyId = (id: Uint8Array): Uint8Array =>
  extension(OID.subjectKeyIdentifier, false, octetString(id));

export const authorityKeyId = (id: Uint8Array): Uint8Array =>
  extension(OID.authorityKeyIdentifier, false, sequence(element(implicit(0), id)));

/** cRLNumber (§5.2.3): rises with every list. */
export const crlNumber = (encoded: Uint8Array): Uint8Array =>
  extension(OID.crlNumber, false, encoded);

/** reasonCode of an entry (§5.3.1). */
export const reasonCode = (reason: number): Uint8Array =>
  extension(OID.reasonCode, false, element(TAG.enumerated, Uint8Array.of(reason)));

interface RawExtension {
  readonly id: string;
  readonly critical: boolean;
  readonly value: DerReader;
}

/** The extensions of a SEQUENCE OF Extension; none twice (§4.2). */
export function* rawExtensions(reader: DerReader): Generator<RawExtension> {
  const list = reader.inside();
  const seen: string[] = [];
  if (list.atEnd) throw reader.fail("an empty list of extensions");
  while (!list.atEnd) {
    const one = list.inside();
    const id = toHex(one.content(TAG.oid));
    if (seen.includes(id)) throw reader.fail("an extension twice");
    seen.push(id);
    const critical = one.tag === TAG.boolean ? one.boolean() : false;
    const value = one.inside(TAG.octetString);
    one.end();
    yield { id, critical, value };
  }
}

function readBasicConstraints(value: DerReader): Pick<Extensions, "isCa" | "pathLength"> {
  const inner = value.inside();
  const isCa = inner.tag === TAG.boolean ? inner.boolean() : false;
  const pathLength = inner.tag === TAG.integer ? inner.small() : undefined;
  inner.end();
  if (pathLength !== undefined && !isCa) throw value.fail("a path length without a CA");
  return pathLength === undefined ? { isCa } : { isCa, pathLength };
}

function readKeyUsage(value: DerReader): number {
  const bits = value.content(TAG.bitString);
  const unused = bits[0] ?? 8;
  if (unused > 7 || bits.length < 2 || bits.length > 3) throw value.fail("a key usage");
  return bits[1]!;
}

function readAuthorityKeyId(value: DerReader): Uint8Array | undefined {
  const inner = value.inside();
  return inner.tag === implicit(0) ? inner.content(implicit(0)) : undefined;
}

/**
 * What path validation needs of a certificate's extensions. A critical one that is not known here
 * refuses the certificate (§4.2), and so do name constraints, critical or not: whoever limits an
 * issuer by names must not find the limit ignored.
 */
export function readExtensions(reader: DerReader): Extensions {
  let found: Extensions = { isCa: false };
  for (const { id, critical, value } of rawExtensions(reader)) {
    if (id === OID.basicConstraints) found = { ...found, ...readBasicConstraints(value) };
    else if (id === OID.keyUsage) found = { ...found, keyUsage: readKeyUsage(value) };
    else if (id === OID.subjectKeyIdentifier)
      found = { ...found, subjectKeyId: value.content(TAG.octetString) };
    else if (id === OID.authorityKeyIdentifier) {
      const authorityKeyId = readAuthorityKeyId(value);
      if (authorityKeyId !== undefined) found = { ...found, authorityKeyId };
    } else if (critical || id === OID.nameConstraints)
      throw reader.fail(`an extension that is not known here: ${id}`);
    else continue;
    value.end();
  }
  return found;
}

/** Whether two key identifiers agree, as far as both are there (§4.2.1.1). */
export function keyIdsAgree(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined || equalBytes(a, b);
}

import { toHex } from "../../../protocol/encoding/hex.ts";
import { fromUtf8 } from "../../../protocol/encoding/utf8.ts";
import { LatchkeyError } from "../../../protocol/errors.ts";
import { parseUpdatedAt } from "../../../protocol/telemetry/updated-at.ts";

/** What of a certificate decides whether it is trusted (RFC 5280 §4.1). */
export interface X509Facts {
  /** SubjectPublicKeyInfo, as it stands there: what a pin is the SHA-256 of. */
  readonly spki: Uint8Array;
  /** ECDSA on P-256: the only key that the SDK's TLS can be seen to check. */
  readonly isP256: boolean;
  /** Unix seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly isAuthority: boolean;
  /** Lower case; `*.` in front for all names of one more label. */
  readonly names: readonly string[];
}

interface Element {
  readonly tag: number;
  /** With tag and length. */
  readonly whole: Uint8Array;
  readonly content: Uint8Array;
}

const TAG_SEQUENCE = 0x30;
const TAG_BOOLEAN = 0x01;
const TAG_OCTETS = 0x04;
const TAG_VERSION = 0xa0;
const TAG_EXTENSIONS = 0xa3;
const TAG_UTC_TIME = 0x17;
const TAG_GENERALIZED_TIME = 0x18;
const TAG_DNS_NAME = 0x82;
const TAG_IP_ADDRESS = 0x87;
/** 2.5.29.19 and 2.5.29.17. */
const BASIC_CONSTRAINTS = "551d13";
const ALTERNATIVE_NAMES = "551d11";
/** The beginning of a SubjectPublicKeyInfo: id-ecPublicKey, prime256v1, a point (RFC 5480 §2). */
const P256_KEY = "3059301306072a8648ce3d020106082a8648ce3d030107034200";

function malformed(): LatchkeyError {
  return new LatchkeyError("malformed", { message: "not a certificate" });
}

/** DER elements that follow each other (X.690 §8.1), lengths of up to two bytes. */
function elements(bytes: Uint8Array): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at + 1];
    if (first === undefined || first > 0x82 || first === 0x80) throw malformed();
    const lengthBytes = first < 0x80 ? 0 : first - 0x80;
    let length = lengthBytes === 0 ? first : 0;
    for (let i = 0; i < lengthBytes; i++) length = length * 256 + (bytes[at + 2 + i] ?? 0);
    const start = at + 2 + lengthBytes;
    if (start + length > bytes.length) throw malformed();
    const content = bytes.subarray(start, start + length);
    found.push({ tag: bytes[at]!, whole: bytes.subarray(at, start + length), content });
    at = start + length;
  }
  return found;
}

function inside(element: Element | undefined, tag: number): Element[] {
  if (element?.tag !== tag) throw malformed();
  return elements(element.content);
}

/** @throws malformed */
export function x509Facts(der: Uint8Array): X509Facts {
  const [certificate, ...behind] = elements(der);
  if (behind.length > 0) throw malformed();
  const fields = inside(inside(certificate, TAG_SEQUENCE)[0], TAG_SEQUENCE);
  if (fields[0]?.tag === TAG_VERSION) fields.shift();
  // serial, algorithm, issuer, validity, subject, key, then what is optional
  const [, , , validity, , key, ...optional] = fields;
  const [from, to] = inside(validity, TAG_SEQUENCE);
  if (key?.tag !== TAG_SEQUENCE) throw malformed();
  const extensions = optional.find(({ tag }) => tag === TAG_EXTENSIONS);
  return {
    spki: key.whole,
    isP256: toHex(key.whole).startsWith(P256_KEY),
    notBefore: time(from),
    notAfter: time(to),
    ...extensionFacts(extensions),
  };
}

function time(element: Element | undefined): number {
  const text = fromUtf8(element?.content ?? new Uint8Array(0), "time");
  const isShort = element?.tag === TAG_UTC_TIME;
  if (!isShort && element?.tag !== TAG_GENERALIZED_TIME) throw malformed();
  const form = /^(\d{2})?(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (form === null || isShort !== (form[1] === undefined)) throw malformed();
  const [, given, year = "", month, day, hour, minute, second] = form;
  // RFC 5280 §4.1.2.5.1: two digits mean 1950 to 2049. What ended before 1970 is over, too.
  const century = given ?? (Number(year) >= 50 ? "19" : "20");
  if (Number(century + year) < 1970) return 0;
  return parseUpdatedAt(`${century}${year}-${month}-${day} ${hour}:${minute}:${second}`);
}

function extensionFacts(element: Element | undefined): Pick<X509Facts, "isAuthority" | "names"> {
  let isAuthority = false;
  const names: string[] = [];
  const list = element === undefined ? [] : inside(inside(element, TAG_EXTENSIONS)[0], 0x30);
  for (const extension of list) {
    const parts = inside(extension, TAG_SEQUENCE);
    const value = parts.at(-1);
    if (value?.tag !== TAG_OCTETS) throw malformed();
    const id = [...(parts[0]?.content ?? [])].map((byte) => byte.toString(16).padStart(2, "0"));
    const [inner] = elements(value.content);
    if (id.join("") === BASIC_CONSTRAINTS)
      isAuthority = inside(inner, TAG_SEQUENCE).some(
        ({ tag, content }) => tag === TAG_BOOLEAN && content[0] === 0xff,
      );
    else if (id.join("") === ALTERNATIVE_NAMES)
      for (const { tag, content } of inside(inner, TAG_SEQUENCE)) {
        if (tag === TAG_DNS_NAME) names.push(fromUtf8(content, "name").toLowerCase());
        else if (tag === TAG_IP_ADDRESS && content.length === 4) names.push([...content].join("."));
      }
  }
  return { isAuthority, names };
}

import {
  type HumanVerifier,
  P256_SIGNATURE_BYTES,
  type SignEs256,
  type TextWork,
} from "../../crypto/p256.ts";
import { fromBase64, toBase64Url } from "../../encoding/base64.ts";
import { fromUtf8, toUtf8 } from "../../encoding/utf8.ts";
import type { ErrorCode } from "../../error-codes.ts";
import { LatchkeyError } from "../../errors.ts";
import {
  type JsonLimits,
  type JsonObject,
  type JsonReader,
  parseObject,
} from "../../json/reader.ts";
import type { KnownHeaders } from "./known-headers.ts";

/** What one token may grow to: a chain of certificates in its header, claims, digests. */
const TOKEN_LIMITS: JsonLimits = Object.freeze({ length: 48 * 1024, depth: 12 });

/** A JWS in compact form (RFC 7515 §7.1) whose header was checked and whose signature was not. */
export interface CompactJws {
  readonly header: JsonReader;
  /** As it travels. */
  readonly encodedHeader: string;
  readonly payloadText: string;
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}

/** One with a JSON object in it. */
export interface Jws extends CompactJws {
  readonly payload: JsonReader;
}

/**
 * base64url in its one spelling: no padding, no other alphabet. `work` may be faster at it.
 * @throws malformed
 */
export function strictBase64Url(text: string, field: string, work: TextWork = {}): Uint8Array {
  const bytes = work.decodeBytes?.(text);
  if (bytes !== undefined) return bytes;
  const own = fromBase64(text, field);
  if (/[+/=]/.test(text)) throw new LatchkeyError("malformed", { detail: { field } });
  return own;
}

/** Text in base64url, in its one spelling. @throws malformed */
export function textIn(encoded: string, field: string, work: TextWork = {}): string {
  const { decodeText } = work;
  if (decodeText === undefined) return fromUtf8(strictBase64Url(encoded, field, work), field);
  const text = decodeText(encoded);
  if (text === undefined) throw new LatchkeyError("malformed", { detail: { field } });
  return text;
}

function failure(code: ErrorCode, token: string, cause?: unknown): LatchkeyError {
  return new LatchkeyError(code, { detail: { token }, ...(cause !== undefined && { cause }) });
}

export interface ParseOptions {
  readonly limits?: JsonLimits;
  /** Headers that need no second look. */
  readonly known?: KnownHeaders;
  readonly work?: TextWork;
}

function parseParts(
  text: string,
  token: string,
  { limits = TOKEN_LIMITS, known, work = {} }: ParseOptions,
): CompactJws {
  const parts = text.length <= 2 * limits.length ? text.split(".") : [];
  if (parts.length !== 3) throw failure("jws-malformed", token);
  const [header, payload, signature] = parts as [string, string, string];
  const fresh = () => parseObject(textIn(header, "header", work), "header", TOKEN_LIMITS);
  try {
    return {
      header: known?.get(header) ?? fresh(),
      encodedHeader: header,
      payloadText: textIn(payload, "payload", work),
      signed: (work.encodeText ?? toUtf8)(text.slice(0, header.length + 1 + payload.length)),
      signature: strictBase64Url(signature, "signature", work),
    };
  } catch (cause) {
    throw failure("jws-malformed", token, cause);
  }
}

/**
 * Reads a JWS of any type. The algorithm is ours to say and is ES256 (RFC 8725 §3.1); extensions
 * that must be understood are not (RFC 7515 §4.1.11). `token` names it in errors.
 * @throws jws-malformed, jws-algorithm, jws-critical, signature-invalid (its length)
 */
export function parseCompact(text: string, token: string, options: ParseOptions = {}): CompactJws {
  const jws = parseParts(text, token, options);
  if (jws.header.value["alg"] !== "ES256") throw failure("jws-algorithm", token);
  if (jws.header.has("crit")) throw failure("jws-critical", token);
  if (jws.signature.length !== P256_SIGNATURE_BYTES) throw failure("signature-invalid", token);
  return jws;
}

/** The JSON object that a JWS carries. @throws jws-malformed */
export function parsePayload(
  { payloadText }: CompactJws,
  token: string,
  limits = TOKEN_LIMITS,
): JsonReader {
  try {
    return parseObject(payloadText, "payload", limits);
  } catch (cause) {
    throw failure("jws-malformed", token, cause);
  }
}

/**
 * Reads a token of one type. `typ` is compared as it is written, so that a token made for one
 * purpose serves no other (RFC 8725 §3.11).
 * @throws jws-type and the codes of `parseCompact`
 */
export function parseJws(
  text: string,
  typ: string,
  token: string,
  options: ParseOptions = {},
): Jws {
  const jws = parseCompact(text, token, options);
  if (jws.header.value["typ"] !== typ) throw failure("jws-type", token);
  return { ...jws, payload: parsePayload(jws, token, options.limits) };
}

/** @throws signature-invalid */
export function checkJws(
  crypto: HumanVerifier,
  { signed, signature }: CompactJws,
  publicKey: Uint8Array,
  token: string,
): void {
  if (!crypto.p256Verify(publicKey, signed, signature)) throw failure("signature-invalid", token);
}

/** Signs a token; `alg` is added to the header. */
export async function signJws(
  header: JsonObject & { readonly typ: string },
  payload: JsonObject,
  sign: SignEs256,
): Promise<string> {
  const part = (value: JsonObject): string => toBase64Url(toUtf8(JSON.stringify(value)));
  const signed = `${part({ alg: "ES256", ...header })}.${part(payload)}`;
  return `${signed}.${toBase64Url(await sign(toUtf8(signed)))}`;
}

import type { CryptoProvider } from "../crypto/provider.ts";
import { toBase64Url } from "../encoding/base64.ts";
import { transcript } from "../encoding/transcript.ts";
import { LatchkeyError } from "../errors.ts";
import { type JsonObject, type JsonReader, MAX_BODY_LENGTH } from "../json/reader.ts";
import type { Direction, DirectionKeys, SessionKeys } from "./session-keys.ts";

/** The last message number of a session. */
export const MAX_SEQ = 0xffff_ffff;
/**
 * Number of a node's first request. Number 0 is the verify exchange, whose answer is sealed with
 * the session's keys: a request 0 would be answered under the same key and nonce.
 */
export const FIRST_REQUEST_SEQ = 1;
/** The longest plain text whose envelope still fits a body. */
export const MAX_PLAIN_BYTES = 12_000;

/** A sealed message as it stands in a body. */
export interface Envelope {
  readonly sid: string;
  readonly seq: number;
  /** Cipher text and 16-byte tag. */
  readonly ct: Uint8Array;
}

/** What an envelope is bound to besides its session and number. */
export interface EnvelopeContext {
  readonly tenantId: string;
  /** Of the endpoint, without a slash in front: `identity_iot/ii_post`. */
  readonly path: string;
}

/** `iv XOR seq`, the number standing at the end (as in RFC 8446 §5.3). */
function nonceFor({ iv }: DirectionKeys, seq: number): Uint8Array {
  const nonce = iv.slice();
  for (let i = 0; i < 4; i++) nonce[8 + i] = nonce[8 + i]! ^ ((seq >>> (24 - 8 * i)) & 255);
  return nonce;
}

function associatedData(
  direction: Direction,
  sid: string,
  seq: number,
  { tenantId, path }: EnvelopeContext,
): Uint8Array {
  return transcript("latchkey/v1/envelope", direction, sid, seq, tenantId, path);
}

/**
 * Seals one message. A number must serve once per direction: the node takes the next one, the
 * server that of the request, which its replay window lets through once.
 * @throws sequence-exhausted, malformed when the message is too long
 */
export function sealEnvelope(
  crypto: CryptoProvider,
  keys: SessionKeys,
  direction: Direction,
  { seq, ...context }: EnvelopeContext & { readonly seq: number },
  plain: Uint8Array,
): Envelope {
  if (seq > MAX_SEQ) throw new LatchkeyError("sequence-exhausted");
  if (plain.length > MAX_PLAIN_BYTES)
    throw new LatchkeyError("malformed", { detail: { field: "body", bytes: plain.length } });
  const { sid, [direction]: own } = keys;
  const aad = associatedData(direction, sid, seq, context);
  return { sid, seq, ct: crypto.aesGcmSeal(own.key.bytes, nonceFor(own, seq), aad, plain) };
}

/**
 * Opens one message. Says nothing about whether it came before: see `ReplayWindow`.
 * @throws envelope-invalid when anything of it, of its context or of the session does not fit
 */
export function openEnvelope(
  crypto: CryptoProvider,
  keys: SessionKeys,
  direction: Direction,
  context: EnvelopeContext,
  { sid, seq, ct }: Envelope,
): Uint8Array {
  const own = keys[direction];
  const aad = associatedData(direction, sid, seq, context);
  const plain =
    sid === keys.sid ? crypto.aesGcmOpen(own.key.bytes, nonceFor(own, seq), aad, ct) : undefined;
  if (plain === undefined) throw new LatchkeyError("envelope-invalid");
  return plain;
}

export function writeEnvelope({ sid, seq, ct }: Envelope): JsonObject {
  return { v: 1, sid, seq, ct: toBase64Url(ct) };
}

/** The same as text. Nothing in it has to be escaped: a node spares itself the look. */
export function envelopeText({ sid, seq, ct }: Envelope): string {
  return `{"v":1,"sid":"${sid}","seq":${seq},"ct":"${toBase64Url(ct)}"}`;
}

/** @throws malformed, unsupported-version */
export function parseEnvelope(body: JsonReader): Envelope {
  const version = body.uint("v");
  if (version !== 1) throw new LatchkeyError("unsupported-version", { detail: { version } });
  return {
    sid: body.uuid("sid"),
    seq: body.uint("seq", { max: MAX_SEQ }),
    ct: body.bytes("ct", { min: 16, max: MAX_BODY_LENGTH }),
  };
}

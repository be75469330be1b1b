import type { CryptoProvider } from "../crypto/provider.ts";
import { fromBase64, toBase64Url } from "../encoding/base64.ts";
import { fromUtf8, toUtf8 } from "../encoding/utf8.ts";
import { LatchkeyError } from "../errors.ts";
import { type JsonObject, type JsonReader, parseObject } from "../json/reader.ts";
import { MAX_UNIX_TIME } from "./endpoints.ts";
import { MAX_TOKEN_LENGTH } from "./verify.ts";

/** The claims of an access token. */
export interface TokenClaims {
  /** node_uid; of an application, the UID that its identity's hash gives. */
  readonly sub: string;
  /** tenant_id. */
  readonly tid: string;
  /** Node type; `application` or `application-hs`. */
  readonly typ: string;
  /** The one back end that it is for; an application's only. */
  readonly aud?: string;
  /** The session without whose key the token opens nothing. */
  readonly sid: string;
  /** Issued at, Unix seconds. */
  readonly iat: number;
  /** Not good from this second on. */
  readonly exp: number;
}

/** Gives the public key of a key id, or `undefined`. */
export type KeyById = (kid: string) => Uint8Array | undefined;

function segment(value: JsonObject): string {
  return toBase64Url(toUtf8(JSON.stringify(value)));
}

/** A JWT signed with Ed25519 (RFC 7519, RFC 8037 §3.1). */
export function signJwt(
  crypto: CryptoProvider,
  seed: Uint8Array,
  claims: TokenClaims,
  kid: string,
): string {
  const { sub, tid, typ, aud, sid, iat, exp } = claims;
  const header = segment({ alg: "EdDSA", typ: "JWT", kid });
  const signed = `${header}.${segment({ sub, tid, typ, ...(aud && { aud }), sid, iat, exp })}`;
  return `${signed}.${toBase64Url(crypto.ed25519Sign(seed, toUtf8(signed)))}`;
}

/** Strict base64url without padding: a token must have one spelling. */
function decode(text: string, field: string): Uint8Array {
  const bytes = fromBase64(text, field);
  if (toBase64Url(bytes) !== text) throw new LatchkeyError("token-invalid");
  return bytes;
}

function parseJson(text: string, field: string): JsonReader {
  return parseObject(fromUtf8(decode(text, field), field), field);
}

function parseClaims(body: JsonReader): TokenClaims {
  const aud = body.optional("aud", () => body.word("aud", { max: 64 }));
  return {
    sub: body.uuid("sub"),
    tid: body.uuid("tid"),
    typ: body.word("typ", { max: 32 }),
    ...(aud !== undefined && { aud }),
    sid: body.uuid("sid"),
    iat: body.uint("iat", { max: MAX_UNIX_TIME }),
    exp: body.uint("exp", { max: MAX_UNIX_TIME }),
  };
}

/** Signature and form; the times are the caller's to judge. @throws token-invalid, malformed */
function openJwt(crypto: CryptoProvider, token: string, keyById: KeyById): TokenClaims {
  const parts = token.length <= MAX_TOKEN_LENGTH ? token.split(".") : [];
  if (parts.length !== 3) throw new LatchkeyError("token-invalid");
  const [header, payload, signature] = parts as [string, string, string];
  const protectedHeader = parseJson(header, "header");
  // The algorithm is ours to say, not the token's (RFC 8725 §3.1); nor are there extensions.
  protectedHeader.oneOf("alg", ["EdDSA"]);
  protectedHeader.oneOf("typ", ["JWT"]);
  const publicKey = keyById(protectedHeader.string("kid", { max: 64 }));
  const genuine =
    !protectedHeader.has("crit") &&
    publicKey !== undefined &&
    crypto.ed25519Verify(publicKey, toUtf8(`${header}.${payload}`), decode(signature, "signature"));
  if (!genuine) throw new LatchkeyError("token-invalid");
  return parseClaims(parseJson(payload, "payload"));
}

/**
 * The claims of a token that one of the keys signed and that is good at `nowUnix`. Issued later
 * than that by `aheadSeconds` at most: by another replica of the server, whose clock is not the
 * same. There is no leeway for its end.
 * @throws token-invalid, token-expired
 */
export function verifyJwt(
  crypto: CryptoProvider,
  token: string,
  keyById: KeyById,
  nowUnix: number,
  aheadSeconds = 0,
): TokenClaims {
  let claims: TokenClaims;
  try {
    claims = openJwt(crypto, token, keyById);
  } catch (cause) {
    throw new LatchkeyError("token-invalid", { cause });
  }
  if (claims.iat > nowUnix + aheadSeconds) throw new LatchkeyError("token-invalid");
  if (claims.exp <= nowUnix) throw new LatchkeyError("token-expired");
  return claims;
}

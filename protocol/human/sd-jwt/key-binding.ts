import { constantTimeEqual } from "../../crypto/constant-time.ts";
import type { HumanVerifier, SignEs256 } from "../../crypto/p256.ts";
import { toUtf8 } from "../../encoding/utf8.ts";
import type { ErrorCode } from "../../error-codes.ts";
import { LatchkeyError } from "../../errors.ts";
import { checkJws, parseJws, signJws } from "../jose/compact-jws.ts";
import { digestOf, type Hashes } from "./disclosure.ts";

const TYP = "kb+jwt";
const TOKEN = "key-binding";

/** What a verifier expects of the holder's signature (RFC 9901 §4.3). */
export interface KeyBindingExpected {
  /** The verifier, as it named itself: in OpenID4VP the whole client id with its prefix. */
  readonly audience: string;
  /** Fresh for this request. */
  readonly nonce: string;
  /** Oldest signature that is taken, in seconds; 300 when absent. */
  readonly maxAgeSeconds?: number;
  /** How far the holder's clock may be ahead, in seconds; 60 when absent. */
  readonly leewaySeconds?: number;
}

export interface KeyBindingInput {
  readonly audience: string;
  readonly nonce: string;
  readonly nowUnix: number;
  /** By the key that the credential names in `cnf`. */
  readonly sign: SignEs256;
}

/** Adds the holder's signature to an SD-JWT that ends in a tilde. */
export async function bindKey(
  crypto: Hashes,
  boundText: string,
  { audience, nonce, nowUnix, sign }: KeyBindingInput,
): Promise<string> {
  const sd_hash = digestOf(crypto, boundText);
  const payload = { iat: nowUnix, aud: audience, nonce, sd_hash };
  return boundText + (await signJws({ typ: TYP }, payload, sign));
}

/**
 * Whether the holder signed this presentation, for this verifier and request, just now (§7.3).
 * @throws signature-invalid and the codes of `parseJws`, key-binding-audience,
 *   key-binding-nonce, key-binding-time, key-binding-hash
 */
export function checkKeyBinding(
  crypto: HumanVerifier,
  { token, boundText, holderKey }: { token: string; boundText: string; holderKey: Uint8Array },
  expected: KeyBindingExpected,
  nowUnix: number,
): void {
  const jws = parseJws(token, TYP, TOKEN, { work: crypto });
  checkJws(crypto, jws, holderKey, TOKEN);
  const { aud, nonce, iat, sd_hash } = jws.payload.value;
  const demand = (good: boolean, code: ErrorCode): void => {
    if (!good) throw new LatchkeyError(code);
  };
  const { encodeText: bytesOf = toUtf8 } = crypto;
  const sameText = (actual: unknown, text: string): boolean =>
    typeof actual === "string" && constantTimeEqual(bytesOf(actual), bytesOf(text));
  const { maxAgeSeconds = 300, leewaySeconds = 60 } = expected;
  demand(sameText(sd_hash, digestOf(crypto, boundText)), "key-binding-hash");
  demand(sameText(aud, expected.audience), "key-binding-audience");
  demand(sameText(nonce, expected.nonce), "key-binding-nonce");
  demand(typeof iat === "number" && Number.isSafeInteger(iat), "key-binding-time");
  const age = nowUnix - (iat as number);
  demand(age <= maxAgeSeconds && age >= -leewaySeconds, "key-binding-time");
}

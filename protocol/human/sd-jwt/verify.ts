import type { HumanVerifier } from "../../crypto/p256.ts";
import { LatchkeyError } from "../../errors.ts";
import { type JsonObject, JsonReader } from "../../json/reader.ts";
import { checkJws, type Jws, parseJws } from "../jose/compact-jws.ts";
import type { KnownHeaders } from "../jose/known-headers.ts";
import { parseP256Jwk } from "../jose/p256-jwk.ts";
import { splitSdJwt } from "./combined.ts";
import { checkKeyBinding, type KeyBindingExpected } from "./key-binding.ts";
import { type Placed, unfold } from "./unfold.ts";

const TOKEN = "credential";

export interface VerifyOptions {
  /** The `typ` that the token must have. */
  readonly typ: string;
  readonly nowUnix: number;
  /** Gives the issuer's public key, from header and unverified payload, or throws. */
  readonly issuerKey: (jws: Pick<Jws, "header" | "payload">) => Uint8Array;
  /** Claims that may not be disclosures. */
  readonly neverHidden?: readonly string[];
  /**
   * What the holder must have signed. Absent for a credential that needs no holder; then one with
   * a key binding is refused, because nobody said what to check it against.
   */
  readonly keyBinding?: KeyBindingExpected;
  /** Where headers are remembered, so that an issuer's is decoded once. */
  readonly headers?: KnownHeaders;
  /** How far clocks may differ at `nbf`, in seconds; 60 when absent. `exp` has no grace. */
  readonly leewaySeconds?: number;
}

export interface VerifiedSdJwt {
  readonly header: JsonObject;
  /** The issuer's claims and those disclosed; no digests. */
  readonly claims: JsonObject;
  readonly placed: readonly Placed[];
  /** The key in `cnf`, if there is one. */
  readonly holderKey?: Uint8Array;
}

/** A time in seconds; text that looks like one is none. */
function numericDate(claims: JsonObject, name: string): number | undefined {
  if (!Object.hasOwn(claims, name)) return undefined;
  const value = claims[name];
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0)
    throw new LatchkeyError("credential-date-invalid", { detail: { claim: name } });
  return value;
}

function checkTimes(claims: JsonObject, nowUnix: number, leewaySeconds: number): void {
  const [iat, nbf, exp] = ["iat", "nbf", "exp"].map((name) => numericDate(claims, name));
  if (exp !== undefined && nowUnix >= exp) throw new LatchkeyError("credential-expired");
  const begin = Math.max(nbf ?? 0, iat ?? 0);
  if (begin > nowUnix + leewaySeconds) throw new LatchkeyError("credential-not-yet-valid");
}

/** The key in `cnf.jwk` (RFC 7800 §3.2). @throws holder-key-invalid */
function readHolderKey(crypto: HumanVerifier, claims: JsonReader): Uint8Array | undefined {
  if (!claims.has("cnf")) return undefined;
  try {
    return parseP256Jwk(crypto, claims.object("cnf").object("jwk"));
  } catch (cause) {
    throw new LatchkeyError("holder-key-invalid", { cause });
  }
}

/**
 * Verifies an SD-JWT, with or without key binding (RFC 9901 §7). In this order, so that nothing
 * is believed, fetched or computed at length for a stranger: size, form, issuer's signature,
 * disclosures, times, holder's signature. Every failure has a code of its own.
 * @throws LatchkeyError; see docs/human.md for all codes
 */
export function verifySdJwt(
  crypto: HumanVerifier,
  presentation: string,
  options: VerifyOptions,
): VerifiedSdJwt {
  const { typ, nowUnix, neverHidden = [], keyBinding, leewaySeconds = 60 } = options;
  const combined = splitSdJwt(crypto, presentation);
  const { headers: known } = options;
  const jws = parseJws(combined.jwt, typ, TOKEN, { work: crypto, ...(known && { known }) });
  checkJws(crypto, jws, options.issuerKey(jws), TOKEN);
  known?.add(jws.encodedHeader, jws.header);
  const { claims, placed } = unfold(jws.payload.value, combined.disclosures, { neverHidden });
  checkTimes(claims, nowUnix, leewaySeconds);
  const holderKey = readHolderKey(crypto, new JsonReader(claims));
  const { keyBinding: token, boundText } = combined;
  if (keyBinding === undefined) {
    if (token !== undefined) throw new LatchkeyError("key-binding-unexpected");
  } else {
    if (token === undefined) throw new LatchkeyError("key-binding-missing");
    if (holderKey === undefined) throw new LatchkeyError("holder-key-missing");
    checkKeyBinding(crypto, { token, boundText, holderKey }, keyBinding, nowUnix);
  }
  const header = jws.header.value;
  return { header, claims, placed, ...(holderKey !== undefined && { holderKey }) };
}

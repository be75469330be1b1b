/** An issuer and a holder of SD-JWTs for tests, and ways to make what no honest issuer makes. */
import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import { toBase64Url } from "../../protocol/encoding/base64.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { p256Jwk } from "../../protocol/human/jose/p256-jwk.ts";
import { digestOf } from "../../protocol/human/sd-jwt/disclosure.ts";
import { type VerifyOptions, verifySdJwt } from "../../protocol/human/sd-jwt/verify.ts";
import type { JsonObject } from "../../protocol/json/reader.ts";
import { NOW, type TestKey, testKey } from "./human-family.ts";

export const issuer = testKey(30);
export const holder = testKey(31);
export const thief = testKey(32);

export const AUDIENCE = "x509_hash:door.example";
export const NONCE = "n-0S6_WzA2Mj";
export const TYP = "dc+sd-jwt";

/** Claims that SD-JWT VC wants in the open. */
export const NEVER_HIDDEN = ["iss", "nbf", "exp", "cnf", "vct", "status"];

/** Bytes that differ from call to call and are the same in every run. */
export function countingRandom(): { bytes(length: number): Uint8Array } {
  let count = 0;
  return { bytes: (length) => crypto.sha256(toUtf8(`random ${count++}`)).slice(0, length) };
}

export const baseClaims = (): Record<string, unknown> => ({
  iss: "https://issuer.example",
  iat: NOW - 60,
  exp: NOW + 3600,
  vct: "urn:test:1",
  cnf: { jwk: p256Jwk(holder.publicKey) },
});

const text = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value);

/** A compact JWS of any header and payload. `undefined` members are left out, as JSON does. */
export function jwsOf(header: unknown, payload: unknown, key: TestKey = issuer): string {
  const part = (value: unknown): string => toBase64Url(toUtf8(text(value)));
  const signed = `${part(header)}.${part(payload)}`;
  return `${signed}.${toBase64Url(key.sign(toUtf8(signed)) as Uint8Array)}`;
}

/** A disclosure of anything, as JSON or as the text given. */
export const rawDisclosure = (parts: unknown): string => toBase64Url(toUtf8(text(parts)));

export const digest = (encoded: string): string => digestOf(crypto, encoded);

export interface Attempt {
  readonly header?: JsonObject;
  /** Added to or instead of the base claims; `undefined` takes one away. */
  readonly claims?: Record<string, unknown>;
  readonly disclosures?: readonly string[];
  readonly issuerKey?: TestKey;
  readonly kbHeader?: Record<string, unknown>;
  readonly kb?: Record<string, unknown>;
  readonly kbKey?: TestKey;
  /** The last part instead of a key binding. */
  readonly lastPart?: string;
}

/** A presentation that is good but for what the attempt changes. */
export function attempt(change: Attempt = {}): string {
  const { header, claims, disclosures = [], issuerKey = issuer, kbKey = holder } = change;
  const payload = { ...baseClaims(), ...claims };
  const jwt = jwsOf({ alg: "ES256", typ: TYP, ...header }, payload, issuerKey);
  const bound = [jwt, ...disclosures, ""].join("~");
  return bound + (change.lastPart ?? keyBinding(bound, change, kbKey));
}

function keyBinding(bound: string, { kbHeader, kb }: Attempt, key: TestKey): string {
  const payload = { iat: NOW, aud: AUDIENCE, nonce: NONCE, sd_hash: digest(bound), ...kb };
  return jwsOf({ alg: "ES256", typ: "kb+jwt", ...kbHeader }, payload, key);
}

export const verifyOptions: VerifyOptions = {
  typ: TYP,
  nowUnix: NOW,
  issuerKey: () => issuer.publicKey,
  neverHidden: NEVER_HIDDEN,
  keyBinding: { audience: AUDIENCE, nonce: NONCE },
};

/** Verifies what is presented without a holder. */
export function verifyUnbound(presentation: string) {
  const { keyBinding: _, ...unbound } = verifyOptions;
  return verifySdJwt(crypto, presentation, unbound);
}

export const verify = (presentation: string, options: Partial<VerifyOptions> = {}) =>
  verifySdJwt(crypto, presentation, { ...verifyOptions, ...options });

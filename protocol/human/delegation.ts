import type { HumanVerifier } from "../crypto/p256.ts";
import { LatchkeyError } from "../errors.ts";
import type { JsonObject } from "../json/reader.ts";
import { checkJws, parseJws, signJws } from "./jose/compact-jws.ts";
import { p256Jwk, p256Thumbprint, parseP256Jwk } from "./jose/p256-jwk.ts";
import { didOf, type PairwiseContext, type PairwiseSecret } from "./pairwise-secret.ts";

/**
 * `did:lastid`: the key that names an identifier states which device keys may speak for it. The
 * statement proves itself, because the identifier is the thumbprint of the key that signed it; a
 * registry keeps those that are alive and cannot invent any.
 */
const TYP = "lastid-delegation+jwt";
const TOKEN = "delegation";

export interface Delegation {
  readonly did: string;
  /** 65 bytes: a fresh key of a device, for this verifier only. */
  readonly deviceKey: Uint8Array;
  /** Unix seconds. */
  readonly issuedAt: number;
  /** Not good from this second on. */
  readonly expiresAt: number;
}

/** States that a device key speaks for the person's identifier in that context. */
export function signDelegation(
  secret: PairwiseSecret,
  context: PairwiseContext,
  { deviceKey, issuedAt, expiresAt }: Omit<Delegation, "did">,
): Promise<string> {
  const payload: JsonObject = {
    iss: secret.did(context),
    iat: issuedAt,
    exp: expiresAt,
    cnf: { jwk: p256Jwk(deviceKey) },
  };
  const header = { typ: TYP, jwk: p256Jwk(secret.publicKey(context)) };
  return signJws(header, payload, (message) => secret.sign(context, message));
}

/**
 * Reads a statement and whether it is good now. It says nothing of revocation: that is what the
 * registry is asked for.
 * @throws delegation-invalid; the cause says what is wrong
 */
export function verifyDelegation(
  crypto: HumanVerifier,
  token: string,
  nowUnix: number,
): Delegation {
  try {
    const jws = parseJws(token, TYP, TOKEN);
    const controller = parseP256Jwk(crypto, jws.header.object("jwk"));
    const did = didOf(crypto, controller);
    if (jws.payload.any("iss") !== did) throw new LatchkeyError("signature-invalid");
    checkJws(crypto, jws, controller, TOKEN);
    const deviceKey = parseP256Jwk(crypto, jws.payload.object("cnf").object("jwk"));
    const [issuedAt, expiresAt] = [jws.payload.uint("iat"), jws.payload.uint("exp")];
    if (nowUnix >= expiresAt) throw new LatchkeyError("credential-expired");
    if (nowUnix + 60 < issuedAt) throw new LatchkeyError("credential-not-yet-valid");
    return { did, deviceKey, issuedAt, expiresAt };
  } catch (cause) {
    throw new LatchkeyError("delegation-invalid", { cause });
  }
}

/**
 * The DID document (DID Core 1.0 §5) of the device keys that are alive. Neither account nor device
 * is in it, nor the controlling key, which nobody needs for verifying.
 */
export function didDocument(
  crypto: Pick<HumanVerifier, "sha256">,
  did: string,
  deviceKeys: readonly Uint8Array[],
): JsonObject {
  const methods = deviceKeys.map((key) => ({
    id: `${did}#${p256Thumbprint(crypto, key)}`,
    type: "JsonWebKey",
    controller: did,
    publicKeyJwk: p256Jwk(key),
  }));
  return {
    "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/jwk/v1"],
    id: did,
    verificationMethod: methods,
    authentication: methods.map(({ id }) => id),
  };
}

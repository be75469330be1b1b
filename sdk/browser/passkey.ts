import { startAuthentication, startRegistration } from "@simplewebauthn/browser";
import type { PasskeyAssertion } from "../../protocol/application/proof.ts";
import {
  type AppRegisterRequest,
  type AppRegistration,
  appRegisterTranscript,
} from "../../protocol/application/registration.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { fromBase64, toBase64Url } from "../../protocol/encoding/base64.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { IdentityKey, KeyStore } from "../identity-key.ts";
import { getOrPut } from "./indexed-db.ts";

export interface PasskeyOptions {
  /** The relying party: the page's host, or a domain above it that the server lets in. */
  readonly rpId: string;
  /** What the browser shows beside the passkey. Both stay here; the server hears neither. */
  readonly rpName: string;
  readonly userName: string;
}

const NAME = "passkey";
/** COSE algorithms (RFC 9053 §2, RFC 8812 §2): EdDSA, ES256, RS256, as authenticators have them. */
const ALGORITHMS = Object.freeze([-8, -7, -257]);

/** WebAuthn §6.1: offsets in the authenticator's data. */
const FLAGS_AT = 32;
const FLAG_EXTENSIONS = 0x80;
const CREDENTIAL_ID_LENGTH_AT = 53;

interface StoredPasskey {
  readonly credentialId: Uint8Array;
  readonly request: AppRegisterRequest;
}

/** Asks the authenticator. Its owner may say no, and the browser does not say why. */
async function asked<T>(asking: Promise<T>): Promise<T> {
  try {
    return await asking;
  } catch (cause) {
    throw new LatchkeyError("passkey-refused", { cause });
  }
}

const challengeOf = (transcript: Uint8Array): string => toBase64Url(nobleCrypto.sha256(transcript));

/** The COSE key, byte by byte as the authenticator gave it: it is last, if nothing follows. */
function coseKey(authenticatorData: Uint8Array): Uint8Array {
  const high = authenticatorData[CREDENTIAL_ID_LENGTH_AT] ?? 0;
  const low = authenticatorData[CREDENTIAL_ID_LENGTH_AT + 1] ?? 0;
  if (((authenticatorData[FLAGS_AT] ?? FLAG_EXTENSIONS) & FLAG_EXTENSIONS) !== 0)
    throw new LatchkeyError("passkey-refused", { cause: "extensions that nobody asked for" });
  return authenticatorData.slice(CREDENTIAL_ID_LENGTH_AT + 2 + high * 256 + low);
}

async function create(
  { rpId, rpName, userName }: PasskeyOptions,
  registration: AppRegistration,
): Promise<StoredPasskey> {
  const user = toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
  const { id, response } = await asked(
    startRegistration({
      optionsJSON: {
        rp: { id: rpId, name: rpName },
        user: { id: user, name: userName, displayName: userName },
        challenge: challengeOf(appRegisterTranscript(registration, "HS")),
        pubKeyCredParams: ALGORITHMS.map((alg) => ({ alg, type: "public-key" })),
        authenticatorSelection: { residentKey: "discouraged", userVerification: "required" },
        attestation: "none",
      },
    }),
  );
  const credentialId = fromBase64(id);
  const publicKey = coseKey(fromBase64(response.authenticatorData ?? ""));
  const clientData = fromBase64(response.clientDataJSON);
  const passkey = { credentialId, clientData, attestation: fromBase64(response.attestationObject) };
  const request = { ...registration, publicKey, proof: { assurance: "HS", passkey } } as const;
  return { credentialId, request };
}

async function sign(
  { rpId }: PasskeyOptions,
  credentialId: Uint8Array,
  transcript: Uint8Array,
): Promise<PasskeyAssertion> {
  const { response } = await asked(
    startAuthentication({
      optionsJSON: {
        rpId,
        challenge: challengeOf(transcript),
        allowCredentials: [{ id: toBase64Url(credentialId), type: "public-key" }],
        userVerification: "required",
      },
    }),
  );
  return {
    credentialId,
    clientData: fromBase64(response.clientDataJSON),
    authenticatorData: fromBase64(response.authenticatorData),
    signature: fromBase64(response.signature),
  };
}

function identityOf(
  options: PasskeyOptions,
  { credentialId, request }: StoredPasskey,
): IdentityKey {
  return {
    assurance: "HS",
    publicKey: request.publicKey,
    prove: async (transcript) => ({
      assurance: "HS",
      passkey: await sign(options, credentialId, transcript),
    }),
  };
}

/**
 * An identity of the level HS for web pages: a passkey that stays on its device. Its owner is asked
 * for each session. The browser's storage has only what names it; without that a new one is made.
 */
export function passkey(options: PasskeyOptions): KeyStore {
  return {
    async load() {
      const stored = await getOrPut<StoredPasskey>(NAME);
      return stored && identityOf(options, stored);
    },
    async introduce(registration) {
      const known = await getOrPut<StoredPasskey>(NAME);
      const stored = known ?? (await getOrPut(NAME, await create(options, registration)));
      return { key: identityOf(options, stored!), request: stored!.request };
    },
  };
}

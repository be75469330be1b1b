import type { Assurance } from "../protocol/application/identity.ts";
import type { KeyProof, PasskeyAssertion } from "../protocol/application/proof.ts";
import type { AppRegisterRequest, AppRegistration } from "../protocol/application/registration.ts";

/**
 * A key that can be used but not read. It signs outside of this program's sight (in the browser's
 * key store, in an authenticator), and therefore asynchronously.
 */
export interface IdentityKey {
  readonly assurance: Assurance;
  /** 32 bytes of Ed25519 for STD; the COSE key of a passkey. */
  readonly publicKey: Uint8Array;
  /** Proves the key over a transcript. @throws passkey-refused */
  prove(transcript: Uint8Array): Promise<KeyProof<PasskeyAssertion>>;
}

/** What the server must hear once before it knows a key. */
export interface Introduction {
  readonly key: IdentityKey;
  /** ia_register; a passkey says again what it said when it was made. */
  readonly request: AppRegisterRequest;
}

/** Where an identity's key lives. One store is one identity. */
export interface KeyStore {
  /** The key, if it was born before. */
  load(): Promise<IdentityKey | undefined>;
  /**
   * Gives birth to the key, or proves again the one that is there, and says what to tell the
   * server. A key is durable before anybody sees its public half.
   */
  introduce(registration: AppRegistration): Promise<Introduction>;
}

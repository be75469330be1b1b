import {
  type AppRegisterRequest,
  type AppRegistration,
  appRegisterTranscript,
} from "../protocol/application/registration.ts";
import type { IdentityKey, Introduction } from "./identity-key.ts";

/** The two halves of a software key that a store keeps. */
export interface SoftwareKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Ed25519, 64 bytes. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** It as an identity of the level STD. */
export function softwareIdentity({ publicKey, sign }: SoftwareKey): IdentityKey {
  return {
    assurance: "STD",
    publicKey,
    prove: async (transcript) => ({ assurance: "STD", signature: await sign(transcript) }),
  };
}

/** What the server must hear of it; as often as one likes. */
export async function introduceSoftwareKey(
  key: SoftwareKey,
  registration: AppRegistration,
): Promise<Introduction> {
  const { publicKey } = key;
  const signature = await key.sign(appRegisterTranscript(registration, "STD", publicKey));
  const proof = { assurance: "STD", signature } as const;
  const request: AppRegisterRequest = { ...registration, publicKey, proof };
  return { key: softwareIdentity(key), request };
}

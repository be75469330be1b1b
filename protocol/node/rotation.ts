import type { CryptoProvider } from "../crypto/provider.ts";
import { toBase64, toBase64Url } from "../encoding/base64.ts";
import { transcript } from "../encoding/transcript.ts";
import { LatchkeyError } from "../errors.ts";
import type { JsonObject, JsonReader } from "../json/reader.ts";

/** Work that a check-in names when the node is to take another key. */
export const ROTATE_WORK = "rotate";

/** What both keys sign. */
export interface KeyRotation {
  readonly tenantId: string;
  readonly nodeUid: string;
  /** The key that the server knows. */
  readonly oldPk: Uint8Array;
  readonly newPk: Uint8Array;
}

/** ii_rotate_key: the node asks, sealed in a session of the old key. */
export interface RotationRequest {
  readonly newPk: Uint8Array;
  /** By the new key: whoever asks holds it. */
  readonly newSignature: Uint8Array;
  /** By the old key: it names its successor, whatever became of the session. */
  readonly oldSignature: Uint8Array;
}

function rotationTranscript({ tenantId, nodeUid, oldPk, newPk }: KeyRotation): Uint8Array {
  return transcript("latchkey/v1/rotate-key", tenantId, nodeUid, oldPk, newPk);
}

/** Node: the request, signed with both seeds. */
export function signRotation(
  crypto: CryptoProvider,
  rotation: KeyRotation,
  oldSeed: Uint8Array,
  newSeed: Uint8Array,
): RotationRequest {
  const message = rotationTranscript(rotation);
  return {
    newPk: rotation.newPk,
    newSignature: crypto.ed25519Sign(newSeed, message),
    oldSignature: crypto.ed25519Sign(oldSeed, message),
  };
}

/** Server: do both keys say so? @throws signature-invalid */
export function checkRotation(
  crypto: CryptoProvider,
  rotation: KeyRotation,
  { newSignature, oldSignature }: RotationRequest,
): void {
  const message = rotationTranscript(rotation);
  const signed =
    crypto.ed25519Verify(rotation.oldPk, message, oldSignature) &&
    crypto.ed25519Verify(rotation.newPk, message, newSignature);
  if (!signed) throw new LatchkeyError("signature-invalid");
}

export function writeRotationRequest(request: RotationRequest): JsonObject {
  return {
    node_pk: toBase64Url(request.newPk),
    signature_b64: toBase64(request.newSignature),
    old_signature_b64: toBase64(request.oldSignature),
  };
}

/** @throws malformed */
export function parseRotationRequest(body: JsonReader): RotationRequest {
  return {
    newPk: body.bytes("node_pk", 32),
    newSignature: body.bytes("signature_b64", 64),
    oldSignature: body.bytes("old_signature_b64", 64),
  };
}

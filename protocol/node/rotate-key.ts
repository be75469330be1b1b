import { isLatchkeyError } from "../errors.ts";
import { encodeBody } from "../json/body.ts";
import { ROTATE_KEY_PATH } from "./endpoints.ts";
import { type HandshakeContext, register } from "./handshake.ts";
import type { KeyRing } from "./key-ring.ts";
import type { RegisterAnswer } from "./registration.ts";
import { signRotation, writeRotationRequest } from "./rotation.ts";

/**
 * Node: gives the server the next key, signed by the one that it knows, and takes it once the
 * server has said yes. What fails leaves the old key in force, and the next one as it is.
 * @param send in a session of the old key
 */
export async function rotateKey(
  { crypto, tenantId }: Pick<HandshakeContext, "crypto" | "tenantId">,
  keys: KeyRing,
  nodeUid: string,
  send: (path: string, plain: Uint8Array) => Promise<unknown>,
): Promise<void> {
  const old = keys.key();
  const next = keys.successor();
  const rotation = { tenantId, nodeUid, oldPk: old.publicKey, newPk: next.publicKey };
  const request = signRotation(crypto, rotation, old.seed.bytes, next.seed.bytes);
  await send(ROTATE_KEY_PATH, encodeBody(writeRotationRequest(request)));
  keys.adopt(next);
}

/**
 * Node: registers its key. A server that has another one for this node may have taken the next one
 * and its answer was lost. That anybody can say; what counts is that the server signs, to the next
 * key, that it is there already.
 */
export async function registerKey(
  context: HandshakeContext,
  keys: KeyRing,
): Promise<{ readonly answer: RegisterAnswer; readonly adopted: boolean }> {
  try {
    return { answer: await register(context, keys.key()), adopted: false };
  } catch (error) {
    const next = isLatchkeyError(error, "node-exists") ? keys.begun() : undefined;
    if (next === undefined) throw error;
    const answer = await register(context, next);
    if (answer.status !== "exists") throw error;
    keys.adopt(next);
    return { answer, adopted: true };
  }
}

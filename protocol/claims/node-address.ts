import type { Sha3 } from "../crypto/sha3.ts";
import { toHex } from "../encoding/hex.ts";
import { toUtf8 } from "../encoding/utf8.ts";
import { malformed } from "../errors.ts";
import { encodeAddress, leafHash } from "./address.ts";

/**
 * The address of a node's Ed25519 key: what a delegation to the node names. It is of a text that
 * is no script, so no key of hash chains has it, and a node can issue no claims: what it may do, it
 * does by its own key, in its sessions.
 * @throws malformed
 */
export function nodeAddress(sha3: Sha3, nodePk: Uint8Array): string {
  if (nodePk.length !== 32) throw malformed("node_pk", "needs 32 bytes");
  return encodeAddress(sha3, leafHash(sha3, toUtf8(`LATCHKEY NODE ED25519(${toHex(nodePk)})`)));
}

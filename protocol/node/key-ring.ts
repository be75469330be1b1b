import { toLatchkeyError } from "../errors.ts";
import type { IdentityPlatform } from "../platform.ts";
import {
  adoptNodeKey,
  loadOrCreateNodeKey,
  loadSuccessor,
  type NodeKey,
  successorOf,
} from "./node-key.ts";
import { loadNodeUid, saveNodeUid } from "./node-uid.ts";

type KeyPlatform = Pick<IdentityPlatform, "crypto" | "storage" | "random" | "log">;

/** The node's key, what the server calls it, and the key that is to come after it. */
export class KeyRing {
  readonly #platform: KeyPlatform;
  readonly #tenantId: string;
  #key: NodeKey | undefined;
  nodeUid: string | undefined;

  constructor(platform: KeyPlatform, tenantId: string) {
    this.#platform = platform;
    this.#tenantId = tenantId;
  }

  /** The key if it was loaded. */
  get loaded(): NodeKey | undefined {
    return this.#key;
  }

  /**
   * Loads the key, or makes it: the first time only. A synchronous step, so that calls at once
   * cannot make two.
   * @throws random-unhealthy, storage-corrupt, storage-full, storage-failed
   */
  key(onCreated: () => void = () => {}): NodeKey {
    if (this.#key === undefined) {
      const { crypto, storage, random } = this.#platform;
      this.#key = loadOrCreateNodeKey(crypto, storage, random);
      this.nodeUid = loadNodeUid(storage, this.#tenantId, this.#key.publicKey);
      if (this.#key.fresh) onCreated();
    }
    return this.#key;
  }

  /**
   * Full flash is no reason to keep a door shut: the server will say the UID again.
   * @param pending whether the server lets the node wait: the next boot has to ask again
   */
  rememberUid(nodeUid: string, pending = false): void {
    const { storage, log } = this.#platform;
    this.nodeUid = nodeUid;
    try {
      saveNodeUid(storage, this.#tenantId, this.key().publicKey, nodeUid, pending);
    } catch (error) {
      log.write("warn", "identity-uid-not-stored", { code: toLatchkeyError(error).code });
    }
  }

  /** The next key, durable before anybody hears of it. @throws as `key` */
  successor(): NodeKey {
    const { crypto, storage, random } = this.#platform;
    return successorOf(crypto, storage, random);
  }

  /** The next key, if a rotation was begun. */
  begun(): NodeKey | undefined {
    return loadSuccessor(this.#platform.crypto, this.#platform.storage);
  }

  /** The server knows the node by this key now. @throws storage-full, storage-failed */
  adopt(successor: NodeKey): void {
    adoptNodeKey(this.#platform.storage, successor);
    this.#key = successor;
    if (this.nodeUid !== undefined) this.rememberUid(this.nodeUid);
  }
}

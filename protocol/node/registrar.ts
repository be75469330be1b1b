import { isLatchkeyError } from "../errors.ts";
import { fetchTime, type HandshakeContext } from "./handshake.ts";
import type { IdentityListener } from "./identity-events.ts";
import type { KeyRing } from "./key-ring.ts";
import { isNodeForgotten, isRegistrationRefused } from "./recovery.ts";
import type { RegisterStatus } from "./registration.ts";
import { registerKey } from "./rotate-key.ts";

/**
 * What the server makes of this node. It is asked by whom it has not named yet, by whom it lets
 * wait, and when it no longer seems to know the node; flash answers for it otherwise.
 */
export class Registrar {
  readonly #context: HandshakeContext;
  readonly #keys: KeyRing;
  readonly #emit: IdentityListener;
  #status: RegisterStatus | undefined;
  #doubted = false;
  #asking: Promise<string> | undefined;

  constructor(context: HandshakeContext, keys: KeyRing, emit: IdentityListener) {
    this.#context = context;
    this.#keys = keys;
    this.#emit = emit;
  }

  /** What the last answer said, in this run or before it. */
  get status(): RegisterStatus | undefined {
    return this.#status ?? (this.#keys.nodeUid === undefined ? undefined : "exists");
  }

  /** Whether only the server can say. The key must have been loaded. */
  get isOpen(): boolean {
    return this.#doubted || this.#status === "pending" || this.#keys.nodeUid === undefined;
  }

  /** Somebody says that the server does not know this node. That anybody can say; so it asks. */
  noteFailure(error: unknown): void {
    if (isNodeForgotten(error) || isLatchkeyError(error, "node-pending")) this.#doubted = true;
  }

  /** Asks the server, once for all who wait for it, and gives the node's UID. */
  ask(): Promise<string> {
    this.#asking ??= this.#askOnce().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #askOnce(): Promise<string> {
    const { answer, adopted } = await this.#registered();
    const { nodeUid, status } = answer;
    this.#status = status;
    this.#doubted = false;
    if (adopted) this.#emit({ type: "key-rotated" });
    this.#emit({ type: "registered", status, nodeUid });
    this.#keys.rememberUid(nodeUid, status === "pending");
    return nodeUid;
  }

  async #registered(): ReturnType<typeof registerKey> {
    try {
      return await registerKey(this.#context, this.#keys);
    } catch (error) {
      if (isRegistrationRefused(error) && this.#context.nodeClock.nowUnix() === undefined)
        await this.#askTime();
      throw error;
    }
  }

  /**
   * A refusal is not signed. Whoever refuses has to show that it is the server, and tells the time
   * with it, which what is measured until then needs. @throws server-untrusted
   */
  async #askTime(): Promise<void> {
    try {
      this.#emit({ type: "time", unix: await fetchTime(this.#context) });
    } catch (error) {
      if (isLatchkeyError(error, "server-untrusted")) throw error;
    }
  }
}

import { readBadge, verifyRequest } from "../../firmware/reader/tap.ts";
import { parseBadgeChallenge, writeBadgeChallengeRequest } from "../../protocol/badge/challenge.ts";
import { BADGE_CHALLENGE_PATH, BADGE_VERIFY_PATH } from "../../protocol/badge/endpoints.ts";
import { badgeKey } from "../../protocol/badge/key-id.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { fromBase64, toBase64 } from "../../protocol/encoding/base64.ts";
import { type JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import { IdentityNode } from "../../protocol/node/identity-node.ts";
import type { IdentityPlatform } from "../../protocol/platform.ts";
import type { Card } from "../nfc/card.ts";
import type { Simulation } from "./simulation.ts";

const SILENT_BRUSH = Object.freeze({ hold: () => undefined, release: () => undefined });

/**
 * An attacker inside: a reader of the tenant, with its keys and a session of its own, that says
 * what no honest firmware says. What holds against it holds without trust in readers.
 */
export class Insider {
  readonly #sim: Simulation;
  readonly #node: IdentityNode;
  #nodeUid = "";

  constructor(sim: Simulation) {
    this.#sim = sim;
    const { tenantId, provisioning } = sim.tenant;
    this.#node = new IdentityNode({
      baseUrl: sim.backend.baseUrl,
      nodeType: "insider",
      tenantId,
      commKey: provisioning.commKey.bytes.slice(),
      commIv: provisioning.commIv,
      serverKeys: [...provisioning.serverKeys],
      platform: platformOf(sim),
      retry: { attempts: 1, baseMs: 1, maxMs: 1, timeoutMs: 1_000 },
    });
  }

  /** One read of the badge, answered to two challenges. Gives the two decisions. */
  async showTwice(card: Card): Promise<readonly boolean[]> {
    const ask = await this.#reading(card);
    const [first, second] = [await this.#challenge(), await this.#challenge()];
    return [await this.#decide(ask(first)), await this.#decide(ask(second))];
  }

  /** One challenge, answered wrongly and then rightly. Gives the two decisions. */
  async answerTwice(card: Card): Promise<readonly boolean[]> {
    const ask = await this.#reading(card);
    const right = ask(await this.#challenge());
    const signature = fromBase64(String(right["signature_b64"]));
    signature[0] = signature[0]! ^ 1;
    const wrong = { ...right, signature_b64: toBase64(signature) };
    return [await this.#decide(wrong), await this.#decide(right)];
  }

  async #challenge() {
    const { tenantId } = this.#sim.tenant;
    const request = writeBadgeChallengeRequest({ tenantId, nodeUid: this.#nodeUid });
    const answer = await this.#node.call(BADGE_CHALLENGE_PATH, request);
    return parseBadgeChallenge(new JsonReader(answer));
  }

  async #decide(request: JsonObject): Promise<boolean> {
    return (await this.#node.call(BADGE_VERIFY_PATH, request))["granted"] === true;
  }

  /** Reads the badge once; what it said can then be put to any challenge. */
  async #reading(card: Card) {
    const { tenantId, provisioning } = this.#sim.tenant;
    this.#nodeUid = (await this.#node.ensureRegistered()).nodeUid;
    const { nodePk } = await this.#node.init();
    card.fieldOn();
    const transceive = async (apdu: Uint8Array) => card.apdu(apdu).response;
    const badge = await readBadge({ uid: card.uid.slice(), transceive }, SILENT_BRUSH);
    card.fieldOff();
    const { link } = badge;
    // A sealed badge gives its reader nothing that could be put to another challenge.
    if (link.profile !== "open") throw new Error("the insider needs a badge of the open profile");
    const badgeKeys = [badgeKey(nobleCrypto, provisioning.df1)];
    const nodeUid = this.#nodeUid;
    const keys = { crypto: nobleCrypto, badgeKeys, tenantId, nodeUid, nodePk };
    return (challenge: ReturnType<typeof parseBadgeChallenge>) =>
      verifyRequest({ ...badge, link }, challenge, keys);
  }
}

/** Elsewhere in the building: no time passes for what it does. */
function platformOf({ world, backend }: Simulation): IdentityPlatform {
  const values = new Map<string, Uint8Array>();
  return {
    clock: { monotonicMs: () => world.nowUs() / 1000 },
    // A turn that is let pass has passed; what is waited for never comes late.
    timer: {
      set(callback, delayMs) {
        if (delayMs <= 0) queueMicrotask(callback);
        return 0;
      },
      clear: () => undefined,
    },
    random: world.rng("insider"),
    storage: {
      get: (key) => values.get(key),
      set: (key, value) => void values.set(key, value),
      delete: (key) => void values.delete(key),
    },
    http: { request: (request) => backend.handle(request) },
    crypto: nobleCrypto,
    log: { write: () => undefined },
  };
}

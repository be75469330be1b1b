import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { IdentityNode } from "../../protocol/node/identity-node.ts";
import type { HttpRequest, HttpResponse, IdentityPlatform } from "../../protocol/platform.ts";
import type { Admin, BadgeOrder, IssuedBadge } from "../../server/admin.ts";
import { writeBadgeFile } from "../../server/badge-writer.ts";
import { SDM_FILE_READ_KEY_NO, SDM_META_READ_KEY_NO } from "../../server/chip-keys.ts";
import { createBadgeChip } from "../nfc/badge-chip.ts";
import type { Card, CardFaults } from "../nfc/card.ts";
import { cloneOf, cloneWithUid } from "../nfc/clone.ts";
import { Ntag424 } from "../nfc/ntag424.ts";
import { factoryMemory } from "../nfc/ntag424-memory.ts";
import { sealChip } from "../nfc/sealed-chip.ts";
import type { ScenarioBadge } from "../scenario/scenario.ts";
import type { World } from "../world/world.ts";
import type { BackendTenant } from "./backend.ts";
import { BADGE_HOST } from "./desk-reader.ts";

/** Where badges are issued: the service in this process, or one behind a socket. */
export interface BadgeIssuer {
  readonly admin: Admin;
  readonly baseUrl: string;
  handle(request: HttpRequest): Promise<HttpResponse>;
}

export interface BoxedBadge {
  readonly card: Card;
  readonly faults: CardFaults;
}

/** A genuine chip that needs this much longer asks for more time with S(WTX). */
const SLOW_EXTRA_US = 45_000;
/** NXP's manufacturer code, then five bytes by seed, then one that keeps UIDs apart. */
const UID_PREFIX = 0x04;

/**
 * Badges of all kinds, made when they are first needed: an HS badge can only be issued once its
 * reader is registered. Genuine ones go the way of a real badge, through the service.
 */
export class BadgeBox {
  readonly #world: World;
  readonly #issuer: BadgeIssuer;
  readonly #own: BackendTenant;
  readonly #other: BackendTenant;
  readonly #orders: Readonly<Record<string, ScenarioBadge>>;
  readonly #made = new Map<string, BoxedBadge>();
  #otherReader: string | undefined;

  constructor(options: {
    readonly world: World;
    readonly issuer: BadgeIssuer;
    readonly own: BackendTenant;
    readonly other: BackendTenant;
    readonly badges: Readonly<Record<string, ScenarioBadge>>;
  }) {
    this.#world = options.world;
    this.#issuer = options.issuer;
    this.#own = options.own;
    this.#other = options.other;
    this.#orders = options.badges;
  }

  get names(): readonly string[] {
    return Object.keys(this.#orders);
  }

  orderOf(name: string): ScenarioBadge {
    // Own ones only: every object has a `constructor`, and no badge is called so.
    const order = Object.hasOwn(this.#orders, name) ? this.#orders[name] : undefined;
    if (order === undefined)
      throw new LatchkeyError("badge-unknown", {
        message: `There is no badge named ${name}; there are ${this.names.join(", ")}.`,
      });
    return order;
  }

  /** Badges that were made already. */
  made(): ReadonlyMap<string, Card> {
    return new Map([...this.#made].map(([name, { card }]) => [name, card]));
  }

  /** Puts in a badge that was made in an earlier life of the simulator. */
  put(name: string, card: Card): void {
    this.#made.set(name, { card, faults: {} });
  }

  /** @throws badge-unknown */
  async get(name: string): Promise<BoxedBadge> {
    const made = this.#made.get(name);
    if (made !== undefined) return made;
    const order = this.orderOf(name);
    const faults: CardFaults = order.kind === "slow" ? { extraTimeUs: SLOW_EXTRA_US } : {};
    const boxed = { card: await this.#make(name, order), faults };
    this.#made.set(name, boxed);
    return boxed;
  }

  async #make(name: string, badge: ScenarioBadge): Promise<Card> {
    const uid = this.#uid();
    const { tenantId } = this.#own;
    const { admin } = this.#issuer;
    const { mode, holder, profile = "open" } = badge;
    const order: BadgeOrder = { tenantId, badgeUid: uid, mode, holder, profile };
    switch (badge.kind) {
      case "good":
      case "slow":
        return this.#issue(name, order, await this.#ownReader(badge));
      case "revoked": {
        const card = await this.#issue(name, order, await this.#ownReader(badge));
        await admin.setBadgeStatus(tenantId, uid, "revoked");
        return card;
      }
      case "not-entitled": {
        const scope = { nodes: [], zones: ["somewhere-else"] };
        return this.#issue(name, { ...order, scope }, await this.#ownReader(badge));
      }
      case "other-tenant":
        return this.#issue(name, { ...order, mode: "STD", tenantId: this.#other.tenantId });
      case "other-reader":
        return this.#issue(name, { ...order, mode: "HS" }, await this.#makeOtherReader());
      case "unregistered":
        return this.#writeElsewhere(name, uid);
      case "clone":
        return cloneWithUid((await this.get(badge.of!)).card, uid);
      case "emulator":
        return cloneOf((await this.get(badge.of!)).card);
      case "blank":
        return new Ntag424(factoryMemory({ ...this.#chip(name), uid }));
    }
  }

  async #issue(name: string, order: BadgeOrder, nodeUid?: string): Promise<Card> {
    const bound = order.mode === "HS" && nodeUid !== undefined ? { nodeUid } : {};
    return this.#personalise(name, await this.#issuer.admin.issueBadge({ ...order, ...bound }));
  }

  #personalise(name: string, issued: IssuedBadge): Card {
    const chip = createBadgeChip({
      ...this.#chip(name),
      uid: issued.badgeUid,
      keys: issued.chipKeys.map((key) => key.bytes),
      ndefFile: issued.file,
      sdm: {
        metaReadKey: issued.metaReadKeyNo,
        fileReadKey: issued.fileReadKeyNo,
        piccDataOffset: issued.piccOffset,
        macInputOffset: issued.macInputOffset,
        macOffset: issued.macOffset,
      },
    });
    if (issued.sealedPayload !== undefined) sealChip(chip, issued.sealedPayload);
    return chip;
  }

  /** Written with the tenant's share of the key, but the service has never heard of it. */
  #writeElsewhere(name: string, uid: Uint8Array): Card {
    const random = this.#world.rng(`chip ${name}`);
    const { df1 } = this.#own.provisioning;
    const chipKeys = Array.from({ length: 5 }, () => new Secret(random.bytes(16)));
    const answer = {
      badgeUid: uid,
      mode: "STD",
      host: BADGE_HOST,
      df1: df1.bytes,
      chipKeys: chipKeys.map((key) => key.bytes),
    } as const;
    const seed = new Secret(random.bytes(32));
    const file = writeBadgeFile({ crypto: nobleCrypto, random }, seed, answer);
    const keyNumbers = { metaReadKeyNo: SDM_META_READ_KEY_NO, fileReadKeyNo: SDM_FILE_READ_KEY_NO };
    return this.#personalise(name, { ...file, ...keyNumbers, badgeUid: uid, chipKeys });
  }

  #chip(name: string) {
    return { crypto: nobleCrypto, random: this.#world.rng(`chip ${name}`) };
  }

  #uid(): Uint8Array {
    const uid = this.#world.rng("badge-uids").bytes(7);
    uid[0] = UID_PREFIX;
    return uid;
  }

  /** The reader under test, for an HS badge; `undefined` for STD. */
  async #ownReader(badge: ScenarioBadge): Promise<string | undefined> {
    if (badge.mode === "STD") return undefined;
    const nodes = await this.#issuer.admin.nodes(this.#own.tenantId);
    const own = nodes.find((node) => node.nodeUid !== this.#otherReader);
    if (own === undefined)
      throw new LatchkeyError("node-unknown", {
        message: "An HS badge is issued for one reader, and the reader is not registered yet.",
      });
    return own.nodeUid;
  }

  /** A second reader of the tenant, somewhere else in the building. */
  async #makeOtherReader(): Promise<string> {
    if (this.#otherReader !== undefined) return this.#otherReader;
    const { commKey, commIv, serverKeys } = this.#own.provisioning;
    const node = new IdentityNode({
      baseUrl: this.#issuer.baseUrl,
      nodeType: "reader",
      tenantId: this.#own.tenantId,
      commKey: commKey.bytes.slice(),
      commIv,
      serverKeys: [...serverKeys],
      platform: this.#elsewhere(),
    });
    const { nodeUid } = await node.ensureRegistered();
    node.close();
    this.#otherReader = nodeUid;
    return nodeUid;
  }

  #elsewhere(): IdentityPlatform {
    const world = this.#world;
    const values = new Map<string, Uint8Array>();
    return {
      clock: { monotonicMs: () => world.nowUs() / 1000 },
      timer: { set: () => 0, clear: () => undefined },
      random: world.rng("other-reader"),
      storage: {
        get: (key) => values.get(key),
        set: (key, value) => void values.set(key, value),
        delete: (key) => void values.delete(key),
      },
      http: { request: (request) => this.#issuer.handle(request) },
      crypto: nobleCrypto,
      log: { write: () => undefined },
    };
  }
}

import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { Card } from "../../host-sim/nfc/card.ts";
import { Ntag424 } from "../../host-sim/nfc/ntag424.ts";
import { factoryMemory } from "../../host-sim/nfc/ntag424-memory.ts";
import { Prng } from "../../host-sim/world/prng.ts";
import {
  CARD_STEP_PATH,
  type CardOutcome,
  type CardStart,
  parseCardStep,
  writeCardAnswer,
  writeCardStart,
} from "../../protocol/badge/card-step.ts";
import type { BadgeProfile } from "../../protocol/badge/sealed-link.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { fromProblem } from "../../protocol/json/problem.ts";
import { parseObject } from "../../protocol/json/reader.ts";
import { nodeCrypto } from "../../server/node-crypto.ts";
import type { Service } from "../../server/service.ts";
import { nextUid, reasonOf, type TestNode } from "./desk.ts";
import { sealedTap } from "./sealed-desk.ts";

export type Order = Omit<CardStart, "kind" | "tenantId" | "badgeUid">;

export const NEW: Order = { command: "new", mode: "STD", holder: "Ada Lovelace" };
export const NEW_SEALED: Order = { ...NEW, profile: "sealed" };
export const PROFILES = ["open", "sealed"] as const;

/** How many commands each piece of work sends. */
export const APDUS = Object.freeze({
  open: Object.freeze({ new: 36, rekey: 26, lock: 32, wipe: 35 }),
  sealed: Object.freeze({ new: 44, rekey: 29, lock: 37, wipe: 40 }),
});

/** A chip as it left the factory. */
export function blankChip(uid = nextUid()): Ntag424 {
  const random = new Prng("chip", Buffer.from(uid).toString("hex"));
  return new Ntag424(factoryMemory({ uid, crypto: nodeCrypto, random }));
}

/** What happens to the APDU of a number, counted from 0. */
export interface Fault {
  readonly at: number;
  /** The card left before it; in mid-command, which it then did or did not do; after it. */
  readonly when: "before" | "during, undone" | "during, done" | "after";
}

/** All places at which a card can be pulled away from work of so many APDUs. */
export function everyFault(apdus: number): Fault[] {
  const whens = ["before", "during, undone", "during, done", "after"] as const;
  return Array.from({ length: apdus }, (_, at) => whens.map((when) => ({ at, when }))).flat();
}

/** A technician with a card, a reader and a token. */
export class Technician {
  readonly service: Service;
  readonly tenantId: string;
  readonly token: string;
  /** Every answer of the server. */
  readonly heard: string[] = [];
  readonly commands: Uint8Array[] = [];
  /** Alters what the card says to the command of that number. */
  bend: ((response: Uint8Array, at: number) => Uint8Array) | undefined;
  /** Alters the server's command of that number on its way to the card. */
  bendCommand: ((apdu: Uint8Array, at: number, card: Card) => Uint8Array) | undefined;
  /** Runs before each request. */
  onStep: ((at: number) => void | Promise<void>) | undefined;

  constructor(service: Service, tenantId: string, token: string) {
    this.service = service;
    this.tenantId = tenantId;
    this.token = token;
  }

  static async of(service: Service, tenantId: string, name = "technician"): Promise<Technician> {
    const token = await service.admin.createOperator({ name, role: "manager", tenantId });
    return new Technician(service, tenantId, token);
  }

  async ask(body: object) {
    const response = await this.service.handle({
      method: "POST",
      path: `/${CARD_STEP_PATH}`,
      headers: { "content-type": "application/json", authorization: `Bearer ${this.token}` },
      body: JSON.stringify(body),
    });
    this.heard.push(response.body);
    if (response.status !== 200) throw fromProblem(response.status, response.body);
    return parseCardStep(parseObject(response.body));
  }

  begin(card: Pick<Card, "uid">, order: Order) {
    const { tenantId } = this;
    return this.ask(writeCardStart({ kind: "start", tenantId, badgeUid: card.uid, ...order }));
  }

  /** Carries out an order with nothing between server and card: sooner, and the same work. */
  async atServer(card: Card, order: Order): Promise<CardOutcome> {
    card.fieldOn();
    const { tenantId, service } = this;
    const whole = { ...order, tenantId, badgeUid: card.uid };
    try {
      return await service.admin.card(whole, async (apdu) => card.apdu(apdu).response);
    } finally {
      card.fieldOff();
    }
  }

  /** Holds the card to the reader until the work is over, or the fault is. */
  async run(card: Card, order: Order, fault?: Fault): Promise<CardOutcome> {
    card.fieldOn();
    this.commands.length = 0;
    try {
      let step = await this.begin(card, order);
      for (let at = 0; step.kind === "command"; at++) {
        const { runId, apdu } = step;
        this.commands.push(apdu);
        await this.onStep?.(at);
        const sent = this.bendCommand?.(apdu, at, card) ?? apdu;
        const response = exchange(card, sent, fault?.at === at ? fault.when : undefined);
        if (response === undefined) {
          step = await this.ask(writeCardAnswer({ kind: "lost", runId }));
          throw new LatchkeyError("internal", { message: "it goes on without a card" });
        }
        const heard = this.bend?.(response, at) ?? response;
        step = await this.ask(writeCardAnswer({ kind: "response", runId, response: heard }));
      }
      return step.outcome;
    } finally {
      card.fieldOff();
    }
  }

  /** The code of the error with which it ends. */
  async code(card: Card, order: Order, fault?: Fault): Promise<string> {
    try {
      await this.run(card, order, fault);
      return "ok";
    } catch (error) {
      assert.ok(error instanceof LatchkeyError, String(error));
      return error.code;
    }
  }
}

function exchange(card: Card, apdu: Uint8Array, when: Fault["when"] | undefined) {
  if (when === "before") return undefined;
  const { response } = card.apdu(apdu);
  if (when === undefined) return response;
  if (card instanceof Ntag424 && when === "during, undone") {
    card.tearing = "undone";
    card.torn();
  }
  return undefined;
}

/** As far as the keys and the files tell: no byte and no right is another. */
export function isFactoryFresh({ memory, uid }: Ntag424): boolean {
  const keys = memory.keys.every(({ value, version }) => version === 0 && value.every((b) => !b));
  return (
    keys && isDeepStrictEqual(memory.files.map(lasting), blankChip(uid).memory.files.map(lasting))
  );
}

const lasting = ({ readCounter: _, ...file }: Ntag424["memory"]["files"][number]) => file;

/** Taps the badge at the reader, by the dialogue of its profile. */
export async function tapAs(profile: BadgeProfile, node: TestNode, chip: Ntag424): Promise<string> {
  const decision = profile === "open" ? await node.tap(chip) : await sealedTap(node, chip);
  return reasonOf(decision);
}

/** How often authentications have failed, and are counted, over all keys. */
export function failures({ memory }: Ntag424): number {
  return memory.failures.reduce((sum, { total }) => sum + total, 0);
}

import { concat, equalBytes } from "../../protocol/encoding/bytes.ts";
import { crcFrame, POWER_UP_US } from "../nfc/air-frame.ts";
import { type AirFailure, type AirProcedure, bodyOf, hasFailed } from "../nfc/air-procedure.ts";
import type { NfcField } from "../nfc/field.ts";
import type { IsoDepLink } from "../nfc/iso-dep-link.ts";
import { activate, halt, request, select, selectKnown } from "../nfc/iso14443.ts";
import type { World } from "../world/world.ts";
import type { Pn532Behaviour } from "./behaviour.ts";
import type { RfSettings } from "./rf-settings.ts";
import { STATUS, statusOf } from "./status.ts";

/** The firmware's guard after it switched the field on, a little more than cards may take. */
const FIELD_GUARD_US = POWER_UP_US + 100;
const ISO_14443_4 = 0x20;
/** Command bytes that the firmware can gather with MI before it gives up (an assumption). */
const CHAIN_MAX = 1024;

interface Target {
  readonly tg: number;
  readonly atqa: number;
  readonly sak: number;
  readonly uid: Uint8Array;
  /** Present while the target is activated and speaks 14443-4. */
  link: IsoDepLink | undefined;
  readonly ats: Uint8Array;
}

export interface ExchangeResult {
  /** Status byte, MI included. */
  readonly status: number;
  readonly data: Uint8Array;
}

/**
 * The cards that the chip has listed, and what it does with them on the air. At most two, of which
 * one is active: the chip uses no CID, so that two activated 14443-4 cards would both answer.
 */
export class Targets {
  readonly #world: World;
  readonly #field: NfcField;
  readonly #behaviour: Pn532Behaviour;
  readonly #rf: RfSettings;
  #targets: Target[] = [];
  #active: Target | undefined;
  /** Data that the host sends in parts (MI), and an answer that it fetches in parts. */
  #toCard: Uint8Array = new Uint8Array(0);
  #toHost: Uint8Array = new Uint8Array(0);

  constructor(world: World, field: NfcField, behaviour: Pn532Behaviour, rf: RfSettings) {
    this.#world = world;
    this.#field = field;
    this.#behaviour = behaviour;
    this.#rf = rf;
  }

  get listed(): readonly number[] {
    return this.#targets.map(({ tg }) => tg);
  }

  /** As after a reset or InRelease of everything, without a word to the cards. */
  forget(): void {
    this.#targets = [];
    this.#active = undefined;
    this.#dropParts();
  }

  /** The field went off: the cards know nothing any more, the chip's list stays. */
  fieldLost(): void {
    this.#dropParts();
  }

  /** InListPassiveTarget for type A (UM0701-02 §7.3.5): TargetData of those found, in order. */
  *listTypeA(maxTargets: number, uid: Uint8Array | undefined): AirProcedure<Uint8Array[]> {
    this.forget();
    yield* this.#fieldOn();
    const tries = this.#rf.passiveRetries === 0xff ? Infinity : this.#rf.passiveRetries + 1;
    for (let i = 0; i < tries && this.#targets.length === 0; i++) {
      const startUs = this.#world.nowUs();
      const found = yield* this.#activate(1, uid);
      if (found !== undefined) this.#adopt(found);
      else yield { pauseUs: this.#restOfTry(startUs) };
    }
    if (this.#targets.length === 1 && maxTargets > 1) yield* this.#lookForSecond();
    return this.#targets.map(targetData);
  }

  /** Tries for cards that this world does not have: the time passes all the same. */
  *listNone(): AirProcedure<Uint8Array[]> {
    this.forget();
    yield* this.#fieldOn();
    const tries = this.#rf.passiveRetries === 0xff ? Infinity : this.#rf.passiveRetries + 1;
    for (let i = 0; i < tries; i++) yield { pauseUs: this.#behaviour.passiveTryUs };
    return [];
  }

  /** InAutoPoll: each type in turn, one per period, until one of them finds a card. */
  *autoPoll(
    types: Uint8Array,
    rounds: number,
    periodUs: number,
  ): AirProcedure<{ type: number; data: Uint8Array } | undefined> {
    this.forget();
    yield* this.#fieldOn();
    for (let round = 0; round < rounds; round++) {
      for (const type of types) {
        const startUs = this.#world.nowUs();
        const found = isTypeA(type) ? yield* this.#activate(1, undefined) : undefined;
        if (found !== undefined && fits(type, found.sak)) {
          this.#adopt(found);
          return { type, data: targetData(found) };
        }
        yield { pauseUs: Math.max(0, periodUs - (this.#world.nowUs() - startUs)) };
        // A card of another kind than this turn is for must answer in its own.
        if (found !== undefined) yield* this.#fieldCycle();
      }
    }
    return undefined;
  }

  /** InDataExchange (§7.3.8). `tg` is the parameter byte: bit 6 says that more will follow. */
  *exchange(tg: number, data: Uint8Array): AirProcedure<ExchangeResult> {
    const target = this.#targets.find((other) => other.tg === (tg & 0x07));
    if (target === undefined || tg & 0xb8) return failed(STATUS.notAcceptable);
    const selected = yield* this.#makeActive(target);
    if (selected !== STATUS.ok) return failed(selected);
    if (this.#toHost.length > 0 && data.length === 0 && (tg & 0x40) === 0) return this.#nextPart();
    this.#toHost = new Uint8Array(0);
    this.#toCard = concat(this.#toCard, data);
    if (this.#toCard.length > CHAIN_MAX) {
      this.#dropParts();
      return failed(STATUS.internalOverflow);
    }
    if (tg & 0x40) return { status: STATUS.ok, data: new Uint8Array(0) };
    const command = this.#toCard;
    this.#toCard = new Uint8Array(0);
    const answer = yield* this.#send(target, command);
    if (hasFailed(answer)) return failed(statusOf(answer));
    this.#toHost = answer.response;
    return this.#nextPart();
  }

  /** InDeselect: the card goes to HALT, the chip remembers it. `tg` 0 is all. */
  *deselect(tg: number): AirProcedure<number> {
    if (!this.#names(tg)) return STATUS.notAcceptable;
    if (this.#active !== undefined && (tg === 0 || this.#active.tg === tg)) yield* this.#suspend();
    return STATUS.ok;
  }

  /** InRelease: deselects and forgets. */
  *release(tg: number): AirProcedure<number> {
    const status = yield* this.deselect(tg);
    if (status === STATUS.ok) {
      this.#targets = this.#targets.filter((target) => tg !== 0 && target.tg !== tg);
    }
    return status;
  }

  /** InSelect: wakes the card and activates it again. */
  *select(tg: number): AirProcedure<number> {
    const target = this.#targets.find((other) => other.tg === tg);
    return target === undefined ? STATUS.notAcceptable : yield* this.#makeActive(target);
  }

  /** Diagnose 06: whether the active 14443-4 card still answers. */
  *isThere(): AirProcedure<number> {
    const link = this.#active?.link;
    if (link === undefined) return STATUS.notAcceptable;
    return (yield* link.isThere()) ? STATUS.ok : STATUS.timeout;
  }

  #names(tg: number): boolean {
    return tg === 0 || this.#targets.some((target) => target.tg === tg);
  }

  *#fieldOn(): AirProcedure<void> {
    if (this.#field.isOn) return;
    this.#field.switchOn();
    yield { pauseUs: FIELD_GUARD_US };
  }

  *#fieldCycle(): AirProcedure<void> {
    this.#field.switchOff();
    yield { pauseUs: FIELD_GUARD_US };
    yield* this.#fieldOn();
  }

  /** One try: request, anticollision, SELECT, and RATS if the chip is to do that itself. */
  *#activate(tg: number, uid: Uint8Array | undefined): AirProcedure<Target | undefined> {
    const answer = yield* request(uid !== undefined || this.#behaviour.request === "WUPA");
    if (hasFailed(answer)) return undefined;
    const card = yield* uid === undefined ? select() : selectKnown(uid);
    if (hasFailed(card)) return undefined;
    const link = yield* this.#enterBlocks(card.sak);
    if (link !== undefined && hasFailed(link)) return undefined;
    const ats = link?.ats ?? new Uint8Array(0);
    return { tg, atqa: answer.atqa, sak: card.sak, uid: card.uid, link, ats };
  }

  *#enterBlocks(sak: number): AirProcedure<IsoDepLink | AirFailure | undefined> {
    if ((sak & ISO_14443_4) === 0 || !this.#rf.autoRats) return undefined;
    return yield* activate(this.#behaviour.fsdi);
  }

  /** The first card must sleep meanwhile; if it was alone it is woken again. */
  *#lookForSecond(): AirProcedure<void> {
    const first = this.#targets[0]!;
    yield* this.#suspend();
    const second = yield* this.#activate(2, undefined);
    if (second !== undefined && !equalBytes(second.uid, first.uid)) {
      this.#adopt(second);
    } else if ((yield* this.#makeActive(first)) !== STATUS.ok) {
      this.forget(); // it left while the chip looked for another
    }
  }

  *#makeActive(target: Target): AirProcedure<number> {
    if (this.#active === target) return STATUS.ok;
    yield* this.#suspend();
    const answer = yield* request(true);
    if (hasFailed(answer)) return statusOf(answer);
    const card = yield* selectKnown(target.uid);
    if (hasFailed(card)) return statusOf(card);
    const link = yield* this.#enterBlocks(card.sak);
    if (link !== undefined && hasFailed(link)) return statusOf(link);
    target.link = link;
    this.#active = target;
    return STATUS.ok;
  }

  *#suspend(): AirProcedure<void> {
    const active = this.#active;
    if (active === undefined) return;
    this.#active = undefined;
    this.#dropParts();
    if (active.link === undefined) yield* halt();
    else yield* active.link.deselect();
    active.link = undefined;
  }

  *#send(target: Target, command: Uint8Array): AirProcedure<{ response: Uint8Array } | AirFailure> {
    const retries = Math.min(this.#rf.exchangeRetries, 16);
    if (target.link !== undefined) return yield* target.link.exchange(command, retries);
    for (let i = 0; ; i++) {
      const frame = crcFrame(command);
      const body = bodyOf(yield { frame, waitUs: this.#rf.exchangeTimeoutUs });
      if (!hasFailed(body)) return { response: body };
      if (i >= retries) return body;
    }
  }

  #adopt(target: Target): void {
    this.#targets.push(target);
    this.#active = target;
  }

  #nextPart(): ExchangeResult {
    const data = this.#toHost.slice(0, this.#behaviour.dataInMax);
    this.#toHost = this.#toHost.slice(data.length);
    return { status: this.#toHost.length > 0 ? STATUS.ok | STATUS.moreInformation : 0, data };
  }

  #restOfTry(startUs: number): number {
    return Math.max(0, this.#behaviour.passiveTryUs - (this.#world.nowUs() - startUs));
  }

  #dropParts(): void {
    this.#toCard = new Uint8Array(0);
    this.#toHost = new Uint8Array(0);
  }
}

/** Types of InAutoPoll: 00 any type A, 10 MIFARE, 20 type A with 14443-4. */
const POLL_ANY_A = 0x00;
const POLL_MIFARE = 0x10;
const POLL_4A = 0x20;

function isTypeA(type: number): boolean {
  return type === POLL_ANY_A || type === POLL_MIFARE || type === POLL_4A;
}

function fits(type: number, sak: number): boolean {
  return type === POLL_ANY_A || (type === POLL_4A) === ((sak & ISO_14443_4) !== 0);
}

function failed(status: number): ExchangeResult {
  return { status, data: new Uint8Array(0) };
}

/** Tg, SENS_RES (high byte first), SEL_RES, NFCIDLength, NFCID1, and the ATS if there is one. */
function targetData(target: Target): Uint8Array {
  const { tg, atqa, sak, uid, ats } = target;
  return Uint8Array.of(tg, atqa >> 8, atqa & 0xff, sak, uid.length, ...uid, ...ats);
}

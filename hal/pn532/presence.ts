import { equalBytes } from "../../protocol/encoding/bytes.ts";
import { LatchkeyError, toLatchkeyError } from "../../protocol/errors.ts";
import type { Log } from "../../protocol/platform.ts";
import { delay, type Timing } from "../timing.ts";
import type { Target } from "./commands.ts";
import { type CardChannel, CardSession } from "./iso-dep.ts";
import type { PN532 } from "./pn532.ts";
import { isAntennaOverload, statusOf } from "./status.ts";

/** What {@link CardPresence} needs of the PN532. */
export type CardReader = CardChannel &
  Pick<PN532, "inListPassiveTarget" | "setField" | "recover" | "abort">;

export type PresenceEvent =
  /** A card came. `attempt` > 1: the same card again, after its session broke in mid-read. */
  | { readonly type: "present"; readonly card: CardSession; readonly attempt: number }
  | { readonly type: "removed"; readonly uid: Uint8Array }
  /** Another card took the place of the one before, without a gap in between. */
  | { readonly type: "swapped"; readonly card: CardSession }
  | { readonly type: "several"; readonly uids: readonly Uint8Array[] }
  /** The reader hardware fails. Said once; the driver keeps trying to recover by itself. */
  | { readonly type: "fault"; readonly error: LatchkeyError }
  | { readonly type: "restored" };

/** While the promise is pending, the card belongs to the handler and polling rests. */
export type PresenceHandler = (event: PresenceEvent) => void | Promise<void>;

export interface PresenceOptions extends Timing {
  readonly log?: Log;
  /** Pause between two looks into an empty field, in ms. 20 unless told. */
  readonly idleMs?: number;
  /** Pause between two signs of life of a card that lies on the reader, in ms. 200. */
  readonly checkMs?: number;
  /**
   * Whether to look for a second card before the first is presented: some 10 ms for each tap.
   * True unless told; without it, whichever card wins the anticollision is presented.
   */
  readonly several?: boolean;
  /** How often a card is presented whose sessions keep breaking. 5. */
  readonly attemptsMax?: number;
}

const LIST_LIMIT_MS = 1_500;
/** A card needs 5 ms of field before it must answer (ISO 14443-3 §5); off long enough to forget. */
const FIELD_OFF_MS = 5;
const FIELD_ON_MS = 5;
const RETRY_PAUSE_MS = 100;
const SEVERAL_PAUSE_MS = 250;
const BACKOFF_MIN_MS = 100;
const BACKOFF_MAX_MS = 5_000;
/** The antenna drivers cool within seconds. */
const OVERLOAD_PAUSE_MS = 1_000;

/**
 * What lies on the reader, as events: each arrival and each departure once.
 *
 * ```
 *            card                     two cards
 *  empty ───────────► present     empty ──────────► several
 *    ▲                   │ ▲ │                         │
 *    │   gone            │ │ │ other card: swapped     │ one or none left
 *    └───────────────────┘ └─┘                         ▼
 *  anything ── chip or bus fails ──► fault ── recover() with back-off ──► restored
 * ```
 * A card that stays is asked for a sign of life (Diagnose 06), which leaves its state alone. A
 * card with a random UID that loses the field for a moment looks like another card.
 */
export class CardPresence {
  readonly #pn532: CardReader;
  readonly #timing: Timing;
  readonly #log: Log | undefined;
  readonly #idleMs: number;
  readonly #checkMs: number;
  readonly #attemptsMax: number;
  readonly #maxTargets: 1 | 2;
  #onEvent: PresenceHandler | undefined;
  #running: Promise<void> | undefined;
  #stopping = false;
  #card: CardSession | undefined;
  #attempt = 0;
  #several = false;
  #failures = 0;
  #wakePause: (() => void) | undefined;

  constructor(pn532: CardReader, options: PresenceOptions) {
    this.#pn532 = pn532;
    this.#timing = options;
    this.#log = options.log;
    this.#idleMs = options.idleMs ?? 20;
    this.#checkMs = options.checkMs ?? 200;
    this.#attemptsMax = options.attemptsMax ?? 5;
    this.#maxTargets = options.several === false ? 1 : 2;
  }

  /** Begins to look. The PN532 must be open, or it is recovered first. @throws busy */
  start(onEvent: PresenceHandler): void {
    if (this.#running !== undefined) throw new LatchkeyError("busy");
    this.#onEvent = onEvent;
    this.#stopping = false;
    this.#running = this.#loop();
  }

  /** Resolves when nothing is under way any more, also no handler. */
  async stop(): Promise<void> {
    if (this.#running === undefined) return;
    this.#stopping = true;
    this.#wakePause?.();
    this.#pn532.abort();
    await this.#running;
    this.#card?.end();
    this.#card = undefined;
    this.#running = undefined;
  }

  async #loop(): Promise<void> {
    while (!this.#stopping) {
      try {
        if (this.#card !== undefined) await this.#attend(this.#card);
        // Paused here and not in there: of promises in promises an empty field makes no more.
        else if (await this.#look()) await this.#pause(this.#idleMs);
        if (this.#failures > 0) await this.#endFault();
      } catch (error) {
        if (!this.#stopping) await this.#fault(toLatchkeyError(error));
      }
    }
  }

  /** The field was empty, or had too many cards in it; true when it is empty. */
  async #look(): Promise<boolean> {
    const targets = await this.#list();
    if (targets.length > 1) {
      await this.#tooMany(targets);
      return false;
    }
    this.#several = false;
    const target = targets[0];
    if (target === undefined) return true;
    await this.#arrive(target, "present");
    return false;
  }

  /** A card is there and its handler has finished. */
  async #attend(card: CardSession): Promise<void> {
    if (card.broken === undefined) {
      await this.#pause(this.#checkMs);
      if (this.#stopping) return;
      if (card.isoDep && (await this.#pn532.isPresent())) return;
    } else if (isAntennaOverload(statusOf(card.broken))) {
      await this.#fault(card.broken);
      if (this.#stopping) return;
    }
    await this.#findAgain(card);
  }

  async #findAgain(card: CardSession): Promise<void> {
    const broken = card.broken !== undefined;
    const targets = await this.#listFresh();
    const target = targets[0];
    if (target === undefined) {
      card.end();
      this.#card = undefined;
      await this.#emit({ type: "removed", uid: card.uid });
    } else if (targets.length > 1) {
      card.end();
      this.#card = undefined;
      await this.#tooMany(targets);
    } else if (!equalBytes(target.uid, card.uid)) {
      card.end(new LatchkeyError("badge-changed"));
      await this.#arrive(target, "swapped");
    } else if (broken && this.#attempt < this.#attemptsMax) {
      await this.#pause(RETRY_PAUSE_MS * (this.#attempt - 1));
      if (!this.#stopping) await this.#arrive(target, "present", this.#attempt + 1);
    } else {
      // Never left, or hopeless: known, so no event. The old session is over all the same.
      card.end();
      this.#card = new CardSession(this.#pn532, target);
    }
  }

  async #arrive(target: Target, type: "present" | "swapped", attempt = 1): Promise<void> {
    const card = new CardSession(this.#pn532, target);
    this.#card = card;
    this.#attempt = attempt;
    await this.#emit(type === "present" ? { type, card, attempt } : { type, card });
  }

  async #tooMany(targets: readonly Target[]): Promise<void> {
    if (!this.#several) {
      this.#several = true;
      await this.#emit({ type: "several", uids: targets.map((target) => target.uid) });
    }
    await this.#pause(SEVERAL_PAUSE_MS);
    if (!this.#stopping) await this.#resetField();
  }

  #list(): Promise<Target[]> {
    const options = { maxTargets: this.#maxTargets, timeoutMs: LIST_LIMIT_MS };
    return this.#pn532.inListPassiveTarget(options);
  }

  /** Lists after a field reset, which brings a card out of any state. */
  async #listFresh(): Promise<Target[]> {
    await this.#resetField();
    return this.#list();
  }

  async #resetField(): Promise<void> {
    await this.#pn532.setField(false);
    await delay(this.#timing.timer, FIELD_OFF_MS);
    await this.#pn532.setField(true);
    await delay(this.#timing.timer, FIELD_ON_MS);
  }

  async #fault(error: LatchkeyError): Promise<void> {
    // Somebody else aborted or closed the chip: look again, but not in a tight loop.
    if (error.code === "cancelled") return this.#pause(RETRY_PAUSE_MS);
    const first = this.#failures++ === 0;
    this.#log?.write("warn", "reader-fault", { code: error.code, failures: this.#failures });
    if (first) await this.#emit({ type: "fault", error });
    if (isAntennaOverload(statusOf(error))) {
      await this.#pn532.setField(false).catch(() => undefined);
      await this.#pause(OVERLOAD_PAUSE_MS);
      await this.#pn532.setField(true).catch(() => undefined);
      return;
    }
    const backoffMs = BACKOFF_MIN_MS * 2 ** Math.min(this.#failures - 1, 10);
    // The first attempt comes at once: most faults are one-time and someone holds a badge.
    if (!first) await this.#pause(Math.min(backoffMs, BACKOFF_MAX_MS));
    if (this.#stopping) return;
    try {
      await this.#pn532.recover();
    } catch (cause) {
      this.#log?.write("warn", "reader-recovery-failed", { code: toLatchkeyError(cause).code });
    }
  }

  async #endFault(): Promise<void> {
    this.#failures = 0;
    await this.#emit({ type: "restored" });
  }

  async #emit(event: PresenceEvent): Promise<void> {
    try {
      await this.#onEvent?.(event);
    } catch (error) {
      const { code } = toLatchkeyError(error);
      this.#log?.write("warn", "presence-handler-failed", { event: event.type, code });
    }
  }

  /** A delay that `stop` cuts short. */
  #pause(ms: number): Promise<void> {
    if (this.#stopping || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const { timer } = this.#timing;
      const handle = timer.set(() => this.#wakePause?.(), ms);
      this.#wakePause = () => {
        this.#wakePause = undefined;
        timer.clear(handle);
        resolve();
      };
    });
  }
}

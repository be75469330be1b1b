import type { BadgeDecision } from "../../protocol/badge/verify.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { LatchkeyError, toLatchkeyError } from "../../protocol/errors.ts";
import type { Clock } from "../../protocol/platform.ts";
import type { ReaderEvent } from "./machine.ts";
import type { ServerWork } from "./server-work.ts";
import { type Brush, type ReadBadge, readBadge, type TapCard } from "./tap.ts";
import { WrongKeys } from "./wrong-keys.ts";

export interface TapWorkOptions {
  readonly server: Pick<ServerWork, "askForDecision" | "carry" | "holds">;
  readonly clock: Clock;
  readonly brush: Brush;
  /** Length of a badge's file if it is known before the first is read. */
  readonly badgeFileBytes: number | undefined;
  readonly dispatch: (event: ReaderEvent) => void;
  /** The tap under way, if there is one. */
  readonly currentTapId: () => number | undefined;
}

/** Does the work of a tap: reads the card, asks the server, reports each as one event. */
export class TapWork {
  readonly #options: TapWorkOptions;
  #card: TapCard | undefined;
  #badge: ReadBadge | undefined;
  #fileBytes: number | undefined;
  readonly #wrongKeys: WrongKeys;
  #ended: (() => void) | undefined;

  constructor(options: TapWorkOptions) {
    this.#options = options;
    this.#fileBytes = options.badgeFileBytes;
    this.#wrongKeys = new WrongKeys(options.clock);
  }

  /** Resolves when the tap that the card started is over; at once if it started none. */
  cardCame(card: TapCard): Promise<void> {
    const { dispatch, currentTapId } = this.#options;
    const before = currentTapId();
    this.#card = card;
    dispatch({ type: "card", badge: toHex(card.uid) });
    const id = currentTapId();
    if (id === undefined || id === before) return Promise.resolve();
    return new Promise((resolve) => {
      this.#ended = resolve;
    });
  }

  /** The tap is over: the card goes back to who watches it. */
  end(): void {
    const ended = this.#ended;
    this.#ended = undefined;
    ended?.();
  }

  async read(tapId: number): Promise<void> {
    const { brush, dispatch, currentTapId } = this.#options;
    this.#badge = undefined;
    let badge: ReadBadge;
    try {
      if (this.#card === undefined) throw new LatchkeyError("badge-moved");
      badge = await readBadge(this.#card, brush, this.#fileBytes);
    } catch (error) {
      const { code } = toLatchkeyError(error);
      dispatch({ type: "tap-failed", tapId, code, spent: false });
      return;
    }
    // Of two profiles the longer: too much costs bytes, too little another APDU.
    this.#fileBytes = Math.max(this.#fileBytes ?? 0, badge.fileBytes);
    // A tap that was given up meanwhile must not leave its badge to the next one.
    if (currentTapId() !== tapId) return;
    this.#badge = badge;
    dispatch({ type: "card-read", tapId, sealed: badge.link.profile === "sealed" });
  }

  async verify(tapId: number, challengeId: string): Promise<void> {
    const { server, dispatch } = this.#options;
    const badge = this.#badge;
    this.#badge = undefined;
    let event: ReaderEvent;
    try {
      if (badge === undefined) throw new LatchkeyError("badge-moved");
      const decision = await this.#ask(tapId, badge, challengeId);
      const told = decision.granted
        ? { relayMs: decision.relayMs, reason: "granted", holder: decision.holder }
        : { relayMs: 0, reason: decision.reason };
      const { granted, challengeId: named } = decision;
      event = { type: "decision", tapId, challengeId: named, granted, ...told };
    } catch (error) {
      const { code } = toLatchkeyError(error);
      event = { type: "tap-failed", tapId, code, spent: !server.holds(challengeId) };
    }
    dispatch(event);
  }

  async #ask(tapId: number, badge: ReadBadge, challengeId: string): Promise<BadgeDecision> {
    const { server, brush, currentTapId } = this.#options;
    const { link, uid } = badge;
    const card = this.#card;
    if (link.profile === "open") return server.askForDecision({ link, uid }, challengeId);
    if (card === undefined) throw new LatchkeyError("badge-moved");
    this.#wrongKeys.check(uid);
    const isOver = () => currentTapId() !== tapId;
    const decision = await server.carry({ card, link, brush, isOver }, challengeId);
    if (decision.granted) this.#wrongKeys.forget(uid);
    else if (decision.reason === "card-key-wrong") this.#wrongKeys.add(uid);
    return decision;
  }
}

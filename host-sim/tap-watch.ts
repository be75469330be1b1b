import type { ReaderHandle } from "../firmware/reader/reader.ts";
import type { ReaderBoard } from "./reader-board.ts";
import type { TapOutcome } from "./scenario/events.ts";
import { type Meters, type Usage, usageBetween, usageOf } from "./usage.ts";

/** A tap as measured from outside the firmware. */
export interface MeasuredTap extends TapOutcome {
  /** From the first frame that the badge answered to the decision's effect. */
  readonly tookUs: number;
  /** From the badge's arrival to that frame: until the PN532 looks again. */
  readonly unseenUs: number;
  /** Since that frame. */
  readonly usage: Usage;
}

/** A boot as measured from outside: from power to VERIFIED. */
export interface MeasuredBoot {
  readonly tookUs: number;
  readonly usage: Usage;
}

/** Watches a board and measures its boots and taps. */
export class TapWatch {
  readonly #board: ReaderBoard;
  readonly #meters: Meters;
  readonly #listeners: ((tap: MeasuredTap) => void)[] = [];
  #enteredUs = 0;
  #heardUs = 0;
  #before: Usage;
  #boot: { readonly atUs: number; readonly usage: Usage };
  lastBoot: MeasuredBoot | undefined;
  lastTap: MeasuredTap | undefined;
  /** Taps that ended, whatever came of them. */
  count = 0;

  constructor(board: ReaderBoard, meters: Meters) {
    this.#board = board;
    this.#meters = meters;
    this.#before = usageOf(board, meters);
    this.#boot = { atUs: board.world.nowUs(), usage: this.#before };
    board.onPower((on) => {
      if (on) this.#boot = { atUs: board.world.nowUs(), usage: usageOf(board, meters) };
    });
    board.onBoot((reader) => this.#watch(reader));
    board.field.onChange(() => {
      this.#enteredUs = board.world.nowUs();
      this.#mark(board.world.nowUs());
    });
    board.field.onFirstAnswer((_card, askedUs) => this.#mark(askedUs));
  }

  /** Calls back after every tap; gives back how to end that. */
  onTap(listener: (tap: MeasuredTap) => void): () => void {
    this.#listeners.push(listener);
    return () => {
      const at = this.#listeners.indexOf(listener);
      if (at >= 0) this.#listeners.splice(at, 1);
    };
  }

  #mark(atUs: number): void {
    this.#heardUs = atUs;
    this.#before = usageOf(this.#board, this.#meters);
  }

  #watch(reader: ReaderHandle): void {
    let stage = reader.state.stage;
    reader.onState((state) => {
      if (state.stage === stage) return;
      stage = state.stage;
      const nowUs = this.#board.world.nowUs();
      const usage = usageOf(this.#board, this.#meters);
      if (stage === "verified") {
        const { atUs } = this.#boot;
        this.lastBoot = { tookUs: nowUs - atUs, usage: usageBetween(this.#boot.usage, usage) };
      }
      if ((stage !== "granted" && stage !== "denied") || state.result === undefined) return;
      const { granted, reason, holder, tap, endedMs } = state.result;
      // A visitor's began with a question to the server: no card came.
      if (tap.badge === "" && tap.askedMs !== undefined) {
        this.#mark(nowUs - (endedMs - tap.startedMs) * 1000);
        this.#enteredUs = this.#heardUs;
      }
      const spent = usageBetween(this.#before, usage);
      this.#finish({
        granted,
        ...(granted ? {} : { reason }),
        ...(holder === undefined ? {} : { holder }),
        tookMs: (nowUs - this.#enteredUs) / 1000,
        tookUs: nowUs - this.#heardUs,
        unseenUs: this.#heardUs - this.#enteredUs,
        usage: spent,
        breakdown: inMs(spent),
      });
    });
  }

  #finish(tap: MeasuredTap): void {
    this.count++;
    this.lastTap = tap;
    for (const listener of [...this.#listeners]) listener(tap);
  }
}

/** Usage for people: milliseconds with one decimal. */
export function inMs(usage: Usage): Record<string, number> {
  const ms = (us: number) => Math.round(us / 100) / 10;
  return {
    nfc_bus: ms(usage.nfcBusUs),
    air: ms(usage.airUs),
    card: ms(usage.cardUs),
    pn532: ms(usage.pn532Us),
    crypto: ms(usage.cryptoUs),
    network: ms(usage.networkUs),
    display_bus: ms(usage.displayBusUs),
  };
}

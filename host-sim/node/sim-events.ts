import { fromUtf8 } from "../../protocol/encoding/utf8.ts";
import { readText } from "../display/read-text.ts";
import { renderTerminal } from "../display/terminal.ts";
import { ReaderBoard } from "../reader-board.ts";
import type { SimEvent } from "../scenario/events.ts";
import type { SensorBoard } from "../sensor-board.ts";
import type { TapWatch } from "../tap-watch.ts";
import type { World } from "../world/world.ts";

/** A board, and who measures the taps at it if it is a reader's. */
export interface SceneParts {
  readonly world: World;
  readonly board: ReaderBoard | SensorBoard;
  readonly watch?: TapWatch;
}

/**
 * Tells a listener what somebody in front of the reader sees and hears, and what its console
 * says. The panel is read from its pixels whenever a picture is complete.
 */
export class SimEvents {
  readonly #sim: SceneParts;
  readonly #emit: (event: SimEvent) => void;
  /** Revision of the picture at the last look, and of the last one that was read. */
  #seen = -1;
  #revision = -1;
  #text = "";
  #read: { readonly revision: number; readonly lines: readonly string[] } | undefined;

  constructor(sim: SceneParts, emit: (event: SimEvent) => void) {
    this.#sim = sim;
    this.#emit = emit;
    const { board, watch } = sim;
    if (board instanceof ReaderBoard)
      board.relay.onChange(({ energised }) => emit({ type: "relay", atMs: this.atMs, energised }));
    board.serial.onData((bytes) => emit({ type: "serial", atMs: this.atMs, text: latin(bytes) }));
    board.onStage((stage) => emit({ type: "state", atMs: this.atMs, state: stage.toUpperCase() }));
    watch?.onTap(({ granted, reason, holder, tookMs, breakdown }) =>
      emit({
        type: "decision",
        atMs: this.atMs,
        granted,
        tookMs,
        ...(reason === undefined ? {} : { reason }),
        ...(holder === undefined ? {} : { holder }),
        ...(breakdown === undefined ? {} : { breakdown }),
      }),
    );
  }

  get atMs(): number {
    return this.#sim.world.nowUs() / 1000;
  }

  /** What the panel's pixels say, line by line. */
  get screen(): readonly string[] {
    const { display } = this.#sim.board;
    if (display === undefined) return [];
    if (this.#read?.revision !== display.revision)
      this.#read = { revision: display.revision, lines: readText(display.bitmap()) };
    return this.#read.lines;
  }

  note(text: string): void {
    this.#emit({ type: "note", atMs: this.atMs, text });
  }

  /**
   * Looks at the panel, as often as an eye does; says whether it shows something else than before.
   * A picture that is still being sent is left alone until it stands.
   */
  look(): boolean {
    const { display } = this.#sim.board;
    if (display === undefined) return false;
    const settled = display.revision === this.#seen;
    this.#seen = display.revision;
    if (!settled || this.#seen === this.#revision) return false;
    this.#revision = this.#seen;
    const lines = this.screen;
    const text = lines.join("\n");
    if (text === this.#text) return false;
    this.#text = text;
    const frame = renderTerminal(display.bitmap()).join("\n");
    this.#emit({ type: "screen", atMs: this.atMs, lines, frame });
    return true;
  }
}

/** Console text; a burst may cut a character in two, and noise is no reason to fail. */
function latin(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch {
    return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  }
}

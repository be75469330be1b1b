import type { SSD1306 } from "../../hal/ssd1306.ts";
import { toLatchkeyError } from "../../protocol/errors.ts";
import type { Log, Timer, TimerHandle } from "../../protocol/platform.ts";
import { drawScreen } from "./draw.ts";
import type { Screen } from "./screens.ts";

/** What the painter needs of the display. */
export type Panel = Pick<SSD1306, "framebuffer" | "flushSlice" | "configure" | "open">;

export interface PainterOptions {
  readonly panel: Panel;
  readonly timer: Timer;
  readonly log: Log;
}

/** Between two slices the event loop gets its turn. */
const SLICE_GAP_MS = 1;
/** How long after a failure a display is looked for again. */
const REPAIR_MS = 5_000;

/**
 * Brings screens to the display in slices of at most one page (about 3 ms at 400 kHz), and only
 * while nobody needs the CPU: `hold` stops it, `release` lets it go on. A display that is absent
 * or goes away is looked for again; the door does not need it.
 */
export class Painter {
  readonly #options: PainterOptions;
  #screen: Screen | undefined;
  /** In the framebuffer, or about to be. */
  #last: Screen | undefined;
  #timer: TimerHandle | undefined;
  #repairTimer: TimerHandle | undefined;
  #holds = 0;
  #open = false;
  #absent = false;
  #closed = false;

  constructor(options: PainterOptions) {
    this.#options = options;
  }

  /** The display was never seen, or is gone. */
  get absent(): boolean {
    return this.#absent;
  }

  async open(): Promise<void> {
    try {
      await this.#options.panel.open();
      this.#open = true;
      this.#schedule(0);
    } catch (error) {
      this.#lost(error);
    }
  }

  /** What to show from now on. Drawing happens later. */
  show(screen: Screen): void {
    // Four times a second it is the same: drawing it anew would find that out for much more.
    if (this.#last !== undefined && isSame(this.#last, screen)) return;
    this.#last = screen;
    this.#screen = screen;
    this.#schedule(0);
  }

  hold(): void {
    this.#holds++;
    this.#unschedule();
  }

  release(): void {
    if (this.#holds > 0) this.#holds--;
    this.#schedule(SLICE_GAP_MS);
  }

  close(): void {
    this.#closed = true;
    this.#unschedule();
    if (this.#repairTimer !== undefined) this.#options.timer.clear(this.#repairTimer);
  }

  #schedule(delayMs: number): void {
    const idle = this.#holds > 0 || !this.#open || this.#closed || this.#timer !== undefined;
    if (idle) return;
    this.#timer = this.#options.timer.set(() => this.#slice(), delayMs);
  }

  #unschedule(): void {
    if (this.#timer !== undefined) this.#options.timer.clear(this.#timer);
    this.#timer = undefined;
  }

  #slice(): void {
    this.#timer = undefined;
    const { panel } = this.#options;
    try {
      if (this.#screen !== undefined) drawScreen(panel.framebuffer, this.#screen);
      this.#screen = undefined;
      if (panel.flushSlice()) this.#schedule(SLICE_GAP_MS);
    } catch (error) {
      this.#lost(error);
    }
  }

  #lost(error: unknown): void {
    const { log, timer } = this.#options;
    if (!this.#absent) log.write("warn", "display-absent", { code: toLatchkeyError(error).code });
    this.#absent = true;
    this.#open = false;
    this.#unschedule();
    if (!this.#closed) this.#repairTimer = timer.set(() => this.#repair(), REPAIR_MS);
  }

  #repair(): void {
    this.#repairTimer = undefined;
    try {
      this.#options.panel.configure();
    } catch (error) {
      this.#lost(error);
      return;
    }
    this.#open = true;
    this.#absent = false;
    this.#options.log.write("info", "display-found");
    this.#schedule(0);
  }
}

function isSame(one: Screen, other: Screen): boolean {
  if (one.title !== other.title || one.right !== other.right || one.left !== other.left)
    return false;
  const { length } = one.lines;
  if (one.qr !== other.qr || other.lines.length !== length) return false;
  for (let i = 0; i < length; i++) if (one.lines[i] !== other.lines[i]) return false;
  return true;
}

import { malformed } from "../../protocol/errors.ts";
import type { TimerHandle } from "../../protocol/platform.ts";
import type { Digital, DigitalConstructor } from "../ecma419.ts";
import type { Timing } from "../timing.ts";
import type { Sensor, SensorCallbacks } from "./sensor.ts";

/** What each is until it is told. */
export interface DoorContactSettings {
  /** Debounce of contact and button. 50 ms. */
  readonly settleMs?: number;
  /** Open for this long is held. 30 s. */
  readonly heldAfterMs?: number;
  /** How long the button frees the door. 5 s. */
  readonly exitMs?: number;
}

export interface DoorContactOptions
  extends Timing,
    DoorContactSettings,
    SensorCallbacks<DoorSample> {
  readonly contact: { readonly io: DigitalConstructor; readonly pin: number };
  /** The button inside: closes to ground when it is pressed. */
  readonly exit?: { readonly io: DigitalConstructor; readonly pin: number };
  /** Level of the contact when the door is open. With `high`, a wire that is cut is an open door. */
  readonly openWhen?: "high" | "low";
  /** Whether whoever opens the door now may: the lock is free. Absent: nobody here knows. */
  readonly free?: () => boolean;
}

export interface DoorSample {
  readonly open: boolean;
  readonly held: boolean;
  /** Since the last measurement somebody asked to be let out. */
  readonly exit: boolean;
  /** Opened while nobody was let in or out; until it is shut. Absent where nobody can know. */
  readonly forced?: boolean;
}

/**
 * A door's contact (reed switch) and the button beside it. Opens nothing: the button is the lock's
 * own affair, here it only says that an opening is no break-in.
 *
 * What was seen is told once at least, however short it was: `open`, `forced` and `exit` stay until
 * they were measured.
 */
export class DoorContact implements Sensor<DoorSample> {
  readonly #options: DoorContactOptions;
  readonly #settings = { settleMs: 50, heldAfterMs: 30_000, exitMs: 5_000 };
  readonly #openLevel: number;
  readonly #contact: Digital;
  readonly #button: Digital | undefined;
  #level: boolean;
  #sinceMs: number;
  /** Whether the lock was free when the contact began to open. */
  #wasFree = true;
  #open = false;
  #openedMs = 0;
  #forced = false;
  #held = false;
  #pressed = false;
  #pressedMs = Number.NEGATIVE_INFINITY;
  #untold = { open: false, forced: false, exit: false };
  #timer: TimerHandle | undefined;
  #closed = false;

  /** @throws malformed */
  constructor(options: DoorContactOptions) {
    const { contact, exit, openWhen = "high" } = options;
    this.#options = options;
    for (const name of ["settleMs", "heldAfterMs", "exitMs"] as const) {
      const value = options[name] ?? this.#settings[name];
      if (!(value >= 0 && value <= 0x7fffffff)) throw malformed(name, "milliseconds, at least 0");
      this.#settings[name] = value;
    }
    this.#openLevel = openWhen === "high" ? 1 : 0;
    this.#contact = this.#input(contact);
    try {
      this.#button = exit && this.#input(exit);
    } catch (error) {
      this.#contact.close();
      throw error;
    }
    this.#level = this.#contact.read() === this.#openLevel;
    this.#sinceMs = this.#nowMs;
    // How a door came to be open before the node woke up nobody knows.
    this.#look();
  }

  sample(): DoorSample {
    this.#look();
    const { open, forced, exit } = this.#untold;
    this.#untold = { open: false, forced: false, exit: false };
    return {
      open: this.#open || open,
      held: this.#held,
      exit,
      ...(this.#options.free && { forced: this.#forced || forced }),
    };
  }

  async measure(): Promise<DoorSample> {
    return this.sample();
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
    this.#contact.close();
    this.#button?.close();
  }

  #input({ io: Io, pin }: { readonly io: DigitalConstructor; readonly pin: number }): Digital {
    return new Io({
      pin,
      mode: Io.InputPullUp,
      edge: Io.Rising | Io.Falling,
      onReadable: () => this.#look(),
    });
  }

  get #nowMs(): number {
    return this.#options.clock.monotonicMs();
  }

  get #isFree(): boolean {
    const asked = this.#nowMs - this.#pressedMs < this.#settings.exitMs;
    return asked || (this.#options.free?.() ?? true);
  }

  /** Reads the pins and decides what comes next; harmless at any time. */
  #look(): void {
    // An edge may come while the constructor still opens the second pin.
    if (this.#closed || this.#contact === undefined) return;
    const changed = this.#lookAtButton();
    const level = this.#contact.read() === this.#openLevel;
    if (level !== this.#level) {
      this.#level = level;
      this.#sinceMs = this.#nowMs;
      if (level) this.#wasFree = this.#isFree;
    }
    if (this.#settle() || changed) this.#options.onSample?.(this.#state());
  }

  #lookAtButton(): boolean {
    const pressed = this.#button?.read() === 0;
    const begins = pressed && !this.#pressed;
    this.#pressed = pressed;
    if (pressed) this.#pressedMs = this.#nowMs;
    if (begins) this.#untold.exit = true;
    return begins;
  }

  /** Acts on what is due by now, sets the timer for what is due next; whether something changed. */
  #settle(): boolean {
    this.#cancel();
    const { settleMs, heldAfterMs } = this.#settings;
    const waitMs = this.#sinceMs + settleMs - this.#nowMs;
    if (this.#level !== this.#open) {
      if (waitMs > 0) this.#lookIn(waitMs);
      else this.#turn(this.#level);
      if (waitMs > 0) return false;
      if (this.#open) this.#lookIn(heldAfterMs - (this.#nowMs - this.#openedMs));
      return true;
    }
    if (!this.#open || this.#held) return false;
    const leftMs = this.#openedMs + heldAfterMs - this.#nowMs;
    if (leftMs > 0) {
      this.#lookIn(leftMs);
      return false;
    }
    this.#held = true;
    return true;
  }

  #turn(open: boolean): void {
    this.#open = open;
    this.#held = false;
    this.#forced = open && !this.#wasFree;
    if (!open) return;
    this.#openedMs = this.#sinceMs;
    this.#untold.open = true;
    if (this.#forced) this.#untold.forced = true;
  }

  #state(): DoorSample {
    const forced = this.#options.free && { forced: this.#forced };
    return { open: this.#open, held: this.#held, exit: this.#untold.exit, ...forced };
  }

  #lookIn(ms: number): void {
    this.#timer = this.#options.timer.set(() => this.#look(), Math.max(1, ms));
  }

  #cancel(): void {
    if (this.#timer !== undefined) this.#options.timer.clear(this.#timer);
    this.#timer = undefined;
  }
}

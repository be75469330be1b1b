import type { Level } from "../board/pins.ts";
import type { Prng } from "../world/prng.ts";
import type { World } from "../world/world.ts";
import type { OpenDrainWire } from "./one-wire-wire.ts";

/** Times of one specimen, µs (DS18B20 data sheet, "AC Electrical Characteristics"). */
export interface OneWireTimes {
  /** From the end of a reset to the presence pulse: 15-60. */
  readonly presenceDelayUs: number;
  /** The presence pulse: 60-240. */
  readonly presenceUs: number;
  /** When a written bit is sampled: 15-60 after the slot begins. */
  readonly sampleUs: number;
  /** For how long a zero is held in a read slot: 15-60. */
  readonly holdUs: number;
}

/** Specimens as they are sold, well inside of the data sheet's limits. */
export function typicalTimes(rng: Prng): OneWireTimes {
  return {
    presenceDelayUs: rng.int(20, 45),
    presenceUs: rng.int(90, 150),
    sampleUs: rng.int(20, 45),
    holdUs: rng.int(20, 45),
  };
}

const RESET_US = 480;
/** After a reset the line belongs to the presence pulses for this long. */
const PRESENCE_WINDOW_US = 300;
const SLOT_US = 60;
const SLOT_MAX_US = 120;
const WRITE_ONE_US_MAX = 15;
/** The shortest recovery, and the shortest low of any slot. */
const RECOVERY_US = 1;
/** Figures of a UART are fractions; a nanosecond is no violation. */
const TOLERANCE_US = 0.001;

/** What the chip behind the line does with its bits. */
export interface OneWireFunctions {
  /** A reset pulse ended. */
  reset(): void;
  /** What the chip does in the slot that begins now: sends this bit, listens, or takes no part. */
  slot(): 0 | 1 | "listen" | "idle";
  /** The bit that the master wrote in a slot in which the chip listened. */
  written(bit: Level): void;
}

/**
 * The timing of a 1-Wire slave: turns edges into resets and bits, and pulls the line. It knows
 * nothing of UARTs or drivers; what the master does outside of the data sheet is written down in
 * `violations`.
 */
export class OneWireDevice {
  readonly violations: string[] = [];
  readonly #world: World;
  readonly #wire: OpenDrainWire;
  readonly #name: string;
  readonly #times: OneWireTimes;
  readonly #functions: OneWireFunctions;
  #detach: (() => void) | undefined;
  #fellUs = 0;
  #roseUs = 0;
  /** The last slot: when it began and whether this chip listened in it. */
  #slot: { readonly startUs: number; readonly listens: boolean } | undefined;
  /** Edges before this time belong to presence pulses. */
  #deafUntilUs = 0;
  #resetEndUs = 0;
  /** Counts attachments and resets: what was planned before is off. */
  #generation = 0;

  constructor(
    world: World,
    wire: OpenDrainWire,
    options: {
      readonly name: string;
      readonly times: OneWireTimes;
      readonly functions: OneWireFunctions;
    },
  ) {
    this.#world = world;
    this.#wire = wire;
    this.#name = options.name;
    this.#times = options.times;
    this.#functions = options.functions;
  }

  get attached(): boolean {
    return this.#detach !== undefined;
  }

  /** Power and data touch their contacts: the chip announces itself. */
  attach(): void {
    if (this.attached) return;
    this.#fellUs = this.#roseUs = this.#world.nowUs();
    this.#slot = undefined;
    this.#detach = this.#wire.onEdge((level, timeUs) => this.#onEdge(level, timeUs));
    this.#present();
  }

  detach(): void {
    this.#detach?.();
    this.#detach = undefined;
    this.#generation++;
    this.#wire.drive(this.#name, "none");
  }

  #onEdge(level: Level, timeUs: number): void {
    if (level === 0) {
      const recoveredUs = timeUs - this.#roseUs;
      this.#fellUs = timeUs;
      if (timeUs >= this.#deafUntilUs) this.#beginSlot(timeUs, recoveredUs);
    } else {
      this.#roseUs = timeUs;
      const lowUs = timeUs - this.#fellUs;
      if (lowUs >= RESET_US - TOLERANCE_US) this.#reset();
      else if (timeUs >= this.#deafUntilUs) this.#endSlot(lowUs);
    }
  }

  #reset(): void {
    this.#slot = undefined;
    this.#functions.reset();
    this.#present();
  }

  #present(): void {
    const nowUs = this.#world.nowUs();
    const generation = ++this.#generation;
    this.#resetEndUs = nowUs;
    this.#deafUntilUs = nowUs + PRESENCE_WINDOW_US;
    const { presenceDelayUs, presenceUs } = this.#times;
    this.#world.after(presenceDelayUs, () => {
      if (generation !== this.#generation) return;
      this.#pullFor(presenceUs);
    });
  }

  #beginSlot(startUs: number, recoveredUs: number): void {
    if (startUs - this.#resetEndUs < RESET_US - TOLERANCE_US) this.#blame("slot inside a reset");
    if (recoveredUs < RECOVERY_US - TOLERANCE_US) this.#blame("no recovery between slots");
    if (this.#slot !== undefined && startUs - this.#slot.startUs < SLOT_US - TOLERANCE_US) {
      this.#blame("a slot shorter than 60 µs");
    }
    const part = this.#functions.slot();
    this.#slot = { startUs, listens: part === "listen" };
    if (part === 0) this.#pullFor(this.#times.holdUs);
    if (part !== "listen") return;
    const generation = this.#generation;
    this.#world.after(this.#times.sampleUs, () => {
      if (generation === this.#generation) this.#functions.written(this.#wire.level);
    });
  }

  /** Judges how long the master held the line in a slot in which it wrote. */
  #endSlot(lowUs: number): void {
    if (this.#slot?.listens !== true) return;
    const isOne = lowUs >= RECOVERY_US && lowUs <= WRITE_ONE_US_MAX;
    const isZero = lowUs >= SLOT_US - TOLERANCE_US && lowUs <= SLOT_MAX_US;
    if (!isOne && !isZero) this.#blame(`${Math.round(lowUs)} µs low is neither one nor zero`);
  }

  #pullFor(us: number): void {
    this.#wire.drive(this.#name, "low");
    this.#world.after(us, () => this.#wire.drive(this.#name, "none"));
  }

  #blame(what: string): void {
    this.violations.push(what);
    this.#world.record("1-wire", `${this.#name}: ${what}`);
  }
}

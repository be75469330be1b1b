import type { Level } from "../board/pins.ts";
import type { Prng } from "../world/prng.ts";
import type { World } from "../world/world.ts";
import type { OpenDrainWire } from "./one-wire-wire.ts";

/** How a part writes numbers below zero; the data sheet has sign and magnitude. */
export type Dht22Encoding = "sign-magnitude" | "twos-complement" | "twos-complement-no-sign";

export interface Dht22Options {
  readonly world: World;
  readonly wire: OpenDrainWire;
  readonly name?: string;
  readonly celsius?: number;
  /** Relative, %. */
  readonly humidity?: number;
  readonly encoding?: Dht22Encoding;
  /** Its oscillator against the data sheet's: 1.25 is a quarter too slow. By seed when absent. */
  readonly slowness?: number;
}

/** What goes wrong, until it is set back. */
export interface Dht22Faults {
  /** How many of the next answers have a wrong checksum. */
  wrongSums: number;
  /** After how many bits the next answer breaks off. */
  breakOffAfter: number | undefined;
  /** It answers nothing at all. */
  silent: boolean;
}

/** Start pulse of the host: T_be of the AM2302 data sheet, 0.8-20 ms. */
const START_US_MIN = 800;
const START_US_MAX = 20_000;
/** "To pass the unstable status" after power-up. */
const POWER_UP_US = 1_000_000;
/** Asked sooner it answers with what it has and does not measure. */
const PERIOD_US = 2_000_000;

/** Typical times of the data sheet in µs, and how far a single pulse strays from them. */
const GO_US = 30;
const RESPONSE_US = 80;
const LOW_US = 50;
const ZERO_US = 26;
const ONE_US = 70;
const STRAY_US = 2;

/**
 * The DHT22 (AM2302) at its data pin: waits for a start pulse, answers with 40 bits, and measures
 * after that, so that an answer holds what the question before it found.
 */
export class Dht22Model {
  readonly faults: Dht22Faults = { wrongSums: 0, breakOffAfter: undefined, silent: false };
  /** The air around it. */
  celsius: number;
  humidity: number;
  /** Start pulses that were not as the data sheet wants them. */
  readonly violations: string[] = [];
  answers = 0;
  readonly #world: World;
  readonly #wire: OpenDrainWire;
  readonly #name: string;
  readonly #rng: Prng;
  readonly #encoding: Dht22Encoding;
  readonly #slowness: number;
  #detach: (() => void) | undefined;
  #poweredUs = 0;
  #measuredUs = 0;
  #registers: readonly [number, number] = [0, 0];
  #fellUs: number | undefined;
  /** While it sends, and counts runs, so that a loss of power ends one. */
  #sending = false;
  #run = 0;

  constructor(options: Dht22Options) {
    this.#world = options.world;
    this.#wire = options.wire;
    this.#name = options.name ?? "dht22";
    this.#rng = options.world.rng(`dht22 ${this.#name}`);
    this.celsius = options.celsius ?? 20;
    this.humidity = options.humidity ?? 50;
    this.#encoding = options.encoding ?? "sign-magnitude";
    this.#slowness = options.slowness ?? this.#rng.int(95, 105) / 100;
  }

  /** It measures once by itself; that is what the first answer holds. */
  powerOn(): void {
    if (this.#detach !== undefined) return;
    this.#poweredUs = this.#world.nowUs();
    this.#measure();
    this.#detach = this.#wire.onEdge((level, timeUs) => this.#onEdge(level, timeUs));
  }

  powerOff(): void {
    this.#detach?.();
    this.#detach = undefined;
    this.#run++;
    this.#sending = false;
    this.#fellUs = undefined;
    this.#wire.drive(this.#name, "none");
  }

  #measure(): void {
    this.#measuredUs = this.#world.nowUs();
    this.#registers = [Math.round(this.humidity * 10), this.#encode(Math.round(this.celsius * 10))];
  }

  #encode(tenths: number): number {
    if (tenths >= 0) return tenths;
    if (this.#encoding === "sign-magnitude") return 0x8000 | -tenths;
    return tenths & (this.#encoding === "twos-complement" ? 0xffff : 0x7fff);
  }

  #onEdge(level: Level, timeUs: number): void {
    if (this.#sending) return;
    if (level === 0) {
      this.#fellUs = timeUs;
      return;
    }
    if (this.#fellUs === undefined) return; // the pull-up, when it was switched on
    const lowUs = timeUs - this.#fellUs;
    if (lowUs < START_US_MIN || lowUs > START_US_MAX) {
      this.violations.push(`${Math.round(lowUs)} µs is no start pulse`);
    } else if (timeUs - this.#poweredUs >= POWER_UP_US && !this.faults.silent) {
      this.#answer();
    }
  }

  #answer(): void {
    this.answers++;
    this.#sending = true;
    const { breakOffAfter = 40 } = this.faults;
    this.faults.breakOffAfter = undefined;
    const frame = this.#frame();
    // Times at which it pulls and lets go, by turns.
    const steps = [GO_US, RESPONSE_US, RESPONSE_US];
    for (let bit = 0; bit < breakOffAfter; bit++) {
      const one = ((frame[bit >> 3]! >> (7 - (bit & 7))) & 1) === 1;
      steps.push(LOW_US, one ? ONE_US : ZERO_US);
    }
    steps.push(LOW_US);
    this.#play(steps, 0, ++this.#run);
  }

  #frame(): number[] {
    const bytes = this.#registers.flatMap((word) => [word >> 8, word & 0xff]);
    let sum = bytes.reduce((a, b) => a + b, 0) & 0xff;
    if (this.faults.wrongSums > 0) {
      this.faults.wrongSums--;
      sum ^= 1 << this.#rng.int(0, 7);
    }
    return [...bytes, sum];
  }

  /** After each step the level changes: low first. */
  #play(steps: readonly number[], at: number, run: number): void {
    const us = steps[at]! * this.#slowness + this.#rng.int(-STRAY_US, STRAY_US);
    this.#world.after(us, () => {
      if (run !== this.#run) return;
      this.#wire.drive(this.#name, at % 2 === 0 ? "low" : "none");
      if (at + 1 < steps.length) this.#play(steps, at + 1, run);
      else this.#sent();
    });
  }

  #sent(): void {
    this.#sending = false;
    if (this.#world.nowUs() - this.#measuredUs < PERIOD_US) this.violations.push("asked too soon");
    else this.#measure();
  }
}

import type { World } from "../world/world.ts";

export type Level = 0 | 1;
export type Drive = "low" | "high" | "none";
export type Pull = "up" | "down" | "none";

/**
 * One wire. Anything may drive it; a low driver wins over a high one (both at once is a short
 * that is counted in `Pins.shorts`), a driver wins over a pull, a floating wire reads 0.
 */
export class Pin {
  readonly number: number;
  readonly #pins: Pins;
  readonly #drivers = new Map<string, Drive>();
  readonly #pulls = new Map<string, Pull>();
  readonly #listeners: ((level: Level, timeUs: number) => void)[] = [];
  #level: Level = 0;
  /** Who uses the pin on the microcontroller's side: `digital`, `i2c`, `serial`, `pwm`, … */
  owner: string | undefined;
  /** Keeps the edges of a bus that has thousands of them out of the world's trace. */
  untraced = false;

  constructor(pins: Pins, number: number) {
    this.#pins = pins;
    this.number = number;
  }

  get level(): Level {
    return this.#level;
  }

  /** Puts the output of `driver` (`mcu`, or a chip's name) on the wire. */
  drive(driver: string, drive: Drive): void {
    if (drive === "none") this.#drivers.delete(driver);
    else this.#drivers.set(driver, drive);
    this.#settle();
  }

  /** A resistor; `mcu` is the microcontroller's own, any other name one on the board. */
  pull(owner: string, pull: Pull): void {
    if (pull === "none") this.#pulls.delete(owner);
    else this.#pulls.set(owner, pull);
    this.#settle();
  }

  /** Calls back on every change, at once: chips live on this. Returns the way to stop it. */
  onEdge(listener: (level: Level, timeUs: number) => void): () => void {
    this.#listeners.push(listener);
    return () => {
      const at = this.#listeners.indexOf(listener);
      if (at >= 0) this.#listeners.splice(at, 1);
    };
  }

  #settle(): void {
    const drives = [...this.#drivers.values()];
    const low = drives.includes("low");
    const high = drives.includes("high");
    if (low && high) this.#pins.short(this.number);
    const pulls = [...this.#pulls.values()];
    const level: Level = low ? 0 : high ? 1 : pulls.includes("up") ? 1 : 0;
    if (level === this.#level) return;
    this.#level = level;
    if (!this.untraced) this.#pins.edge(this.number, level);
    for (const listener of [...this.#listeners]) listener(level, this.#pins.world.nowUs());
  }
}

/** All wires of a board, by the microcontroller's pin numbers. */
export class Pins {
  readonly world: World;
  readonly #pins = new Map<number, Pin>();
  /** How often a wire was driven high and low at once. */
  shorts = 0;

  constructor(world: World) {
    this.world = world;
  }

  pin(number: number): Pin {
    let found = this.#pins.get(number);
    if (found === undefined) {
      if (!Number.isInteger(number) || number < 0 || number > 47) {
        throw new RangeError(`invalid pin ${number}`);
      }
      found = new Pin(this, number);
      this.#pins.set(number, found);
    }
    return found;
  }

  /** The microcontroller restarts: nothing owns or drives anything, its pulls are off. */
  releaseAll(): void {
    for (const pin of this.#pins.values()) {
      pin.owner = undefined;
      pin.drive("mcu", "none");
      pin.pull("mcu", "none");
    }
  }

  short(pin: number): void {
    this.shorts++;
    this.world.record("pin", `${pin} short`);
  }

  edge(pin: number, level: Level): void {
    this.world.record("pin", `${pin} ${level}`);
  }
}

import type { Level } from "../board/pins.ts";
import type { World } from "../world/world.ts";

/** What an open-drain chip needs of its wire; a board's `Pin` with a pull-up is one, too. */
export interface OpenDrainWire {
  readonly level: Level;
  drive(driver: string, drive: "low" | "none"): void;
  /** Calls back on every change, at once. Returns the way to stop it. */
  onEdge(listener: (level: Level, timeUs: number) => void): () => void;
}

/**
 * The data line of a 1-Wire bus with its pull-up: low while anybody pulls. Its edges stay out of
 * the world's trace: there are a thousand to a measurement.
 */
export class OneWireWire implements OpenDrainWire {
  readonly #world: World;
  readonly #pulling = new Set<string>();
  #listeners: ((level: Level, timeUs: number) => void)[] = [];
  #level: Level = 1;

  constructor(world: World) {
    this.#world = world;
  }

  get level(): Level {
    return this.#level;
  }

  drive(driver: string, drive: "low" | "none"): void {
    if (drive === "low") this.#pulling.add(driver);
    else this.#pulling.delete(driver);
    const level: Level = this.#pulling.size > 0 ? 0 : 1;
    if (level === this.#level) return;
    this.#level = level;
    for (const listener of this.#listeners) listener(level, this.#world.nowUs());
  }

  /** Fault: data and ground touch, or the pull-up is missing. */
  short(on: boolean): void {
    this.drive("short", on ? "low" : "none");
  }

  onEdge(listener: (level: Level, timeUs: number) => void): () => void {
    this.#listeners = [...this.#listeners, listener];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener);
    };
  }
}

import type { World } from "../world/world.ts";
import type { Level, Pin } from "./pins.ts";

export interface RelayEdge {
  readonly timeUs: number;
  readonly energised: boolean;
}

export interface RelayRecorderOptions {
  readonly world: World;
  readonly pin: Pin;
  /** The relay module closes on a low level. */
  readonly activeLow?: boolean;
  /**
   * The module's own resistor, which decides while the microcontroller does not drive the pin.
   * When absent it keeps the relay off.
   */
  readonly pull?: "up" | "down";
}

/**
 * The relay itself: watches its pin and keeps every edge from the first moment on. It does not
 * know why it closes; that is for others to prove.
 */
export class RelayRecorder {
  readonly edges: RelayEdge[] = [];
  readonly #world: World;
  readonly #activeLevel: Level;
  readonly #listeners: ((edge: RelayEdge) => void)[] = [];
  #energised = false;

  constructor(options: RelayRecorderOptions) {
    this.#world = options.world;
    this.#activeLevel = options.activeLow === true ? 0 : 1;
    const { pin } = options;
    pin.pull("relay", options.pull ?? (options.activeLow === true ? "up" : "down"));
    // A wrong resistor energises the relay before anybody drives it: that is an edge, too.
    if (pin.level === this.#activeLevel) this.#change(true);
    pin.onEdge((level) => this.#change(level === this.#activeLevel));
  }

  get energised(): boolean {
    return this.#energised;
  }

  onChange(listener: (edge: RelayEdge) => void): void {
    this.#listeners.push(listener);
  }

  /** The times in which the relay was closed; the last one may still be open-ended. */
  windows(): { fromUs: number; toUs: number | undefined }[] {
    const out: { fromUs: number; toUs: number | undefined }[] = [];
    for (const edge of this.edges) {
      if (edge.energised) out.push({ fromUs: edge.timeUs, toUs: undefined });
      else out[out.length - 1]!.toUs = edge.timeUs;
    }
    return out;
  }

  #change(energised: boolean): void {
    if (energised === this.#energised) return;
    this.#energised = energised;
    const edge = { timeUs: this.#world.nowUs(), energised };
    this.edges.push(edge);
    this.#world.record("relay", energised ? "energised" : "released");
    for (const listener of this.#listeners) listener(edge);
  }
}

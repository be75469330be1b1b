import type {
  PulseCapture,
  PulseCaptureConstructor,
  PulseCaptureOptions,
} from "../../hal/pulse-capture.ts";
import type { QueuedEvent } from "../world/event-queue.ts";
import type { Level, Pin, Pins } from "./pins.ts";

const DURATION_US_MAX = 0xffff;

/** Counts that fit the registers of the contract. */
function assertCount(name: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 1 || value > max) throw new RangeError(`invalid ${name}`);
}

/**
 * `PulseCapture` of one board: what a PIO state machine would count, taken from the edges of the
 * pin. It goes on while the node's CPU is busy; the program hears of it when it is free.
 */
export function pulseCaptureClass(pins: Pins): PulseCaptureConstructor {
  return class implements PulseCapture {
    readonly #options: PulseCaptureOptions;
    readonly #pin: Pin;
    readonly #stopWatching: () => void;
    #durations: number[] = [];
    /** When the level last changed; `undefined` while the line is not watched. */
    #sinceUs: number | undefined;
    #idle: QueuedEvent | undefined;
    #busy = false;
    #result: Uint16Array | undefined;
    #closed = false;

    constructor(options: PulseCaptureOptions) {
      const pin = pins.pin(options.pin);
      if (pin.owner !== undefined) throw new Error("in use");
      assertCount("startUs", options.startUs, DURATION_US_MAX);
      assertCount("idleUs", options.idleUs, DURATION_US_MAX);
      assertCount("durationsMax", options.durationsMax, 1024);
      this.#options = options;
      this.#pin = pin;
      pin.owner = "pulse-capture";
      pin.drive("mcu", "none");
      pin.pull("mcu", "up");
      this.#stopWatching = pin.onEdge((level, timeUs) => this.#onEdge(level, timeUs));
    }

    trigger(): void {
      if (this.#closed) throw new Error("closed");
      if (this.#busy) throw new Error("busy");
      this.#busy = true;
      this.#result = undefined;
      this.#durations = [];
      this.#pin.drive("mcu", "low");
      pins.world.after(this.#options.startUs, () => {
        if (!this.#owns) return;
        this.#sinceUs = pins.world.nowUs();
        this.#pin.drive("mcu", "none");
        this.#waitForIdle();
      });
    }

    read(): ArrayBuffer | undefined {
      if (this.#closed) throw new Error("closed");
      const result = this.#result;
      this.#result = undefined;
      return result?.slice().buffer;
    }

    close(): void {
      if (this.#closed) return;
      const owned = this.#owns;
      this.#closed = true;
      this.#stopWatching();
      if (!owned) return;
      this.#pin.drive("mcu", "none");
      this.#pin.pull("mcu", "none");
      this.#pin.owner = undefined;
    }

    /** A board reset may have given the pin to somebody else meanwhile. */
    get #owns(): boolean {
      return !this.#closed && this.#pin.owner === "pulse-capture";
    }

    #onEdge(level: Level, timeUs: number): void {
      if (this.#sinceUs === undefined) return;
      const us = Math.round(timeUs - this.#sinceUs);
      this.#sinceUs = timeUs;
      // The first edge may be the rise of the release itself: the high begins there.
      if (level === 1 && this.#durations.length === 0) return;
      this.#durations.push(Math.min(us, DURATION_US_MAX));
      if (this.#durations.length === this.#options.durationsMax) this.#end();
      else this.#waitForIdle();
    }

    #waitForIdle(): void {
      if (this.#idle !== undefined) pins.world.cancel(this.#idle);
      this.#idle = pins.world.after(this.#options.idleUs, () => this.#end());
    }

    #end(): void {
      if (this.#idle !== undefined) pins.world.cancel(this.#idle);
      this.#sinceUs = undefined;
      this.#busy = false;
      const result = Uint16Array.from(this.#durations);
      this.#result = result;
      pins.world.task(0, () => {
        if (this.#owns) this.#options.onReadable.call(this, result.length);
      });
    }
  };
}

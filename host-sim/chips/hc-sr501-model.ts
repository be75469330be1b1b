import type { Pin } from "../board/pins.ts";
import type { QueuedEvent } from "../world/event-queue.ts";
import type { Prng } from "../world/prng.ts";
import type { World } from "../world/world.ts";

export interface HcSr501Options {
  readonly world: World;
  readonly pin: Pin;
  readonly name?: string;
  /** The trimmer "delay time": 3 to 300 s. */
  readonly holdMs?: number;
  /** The jumper: `L` one pulse however much moves, `H` motion inside a pulse makes it longer. */
  readonly jumper?: "L" | "H";
  /** After a pulse it sees nothing for this long; the manuals say 2.5 to 3 s. */
  readonly blindMs?: number;
}

/** About a minute after power-up the output rises up to three times for no reason. */
const SETTLE_MS = 60_000;
const FALSE_TRIGGERS_MAX = 3;

/** The HC-SR501 motion sensor (BISS0001) at its output pin. */
export class HcSr501Model {
  /** Pulses that had no motion behind them. */
  falseTriggers = 0;
  readonly #world: World;
  readonly #pin: Pin;
  readonly #name: string;
  readonly #rng: Prng;
  readonly #holdMs: number;
  readonly #blindMs: number;
  readonly #retriggers: boolean;
  #powered = false;
  #high = false;
  #blindUntilUs = 0;
  #end: QueuedEvent | undefined;
  /** Counts losses of power: what was planned before is off. */
  #session = 0;

  constructor(options: HcSr501Options) {
    this.#world = options.world;
    this.#pin = options.pin;
    this.#name = options.name ?? "hc-sr501";
    this.#rng = options.world.rng(`hc-sr501 ${this.#name}`);
    this.#holdMs = options.holdMs ?? 5_000;
    this.#blindMs = options.blindMs ?? 3_000;
    this.#retriggers = (options.jumper ?? "H") === "H";
  }

  powerOn(): void {
    if (this.#powered) return;
    this.#powered = true;
    this.#set(false);
    for (let more = this.#rng.int(0, FALSE_TRIGGERS_MAX); more > 0; more--) {
      this.#plan(this.#rng.int(500, SETTLE_MS - this.#holdMs - 1), () => {
        this.falseTriggers++;
        this.#trigger();
      });
    }
  }

  powerOff(): void {
    this.#powered = false;
    this.#high = false;
    this.#blindUntilUs = 0;
    this.#session++;
    this.#pin.drive(this.#name, "none");
  }

  /** Somebody moves in front of it, now and for `forMs`. */
  move(forMs = 0): void {
    if (this.#powered) this.#trigger();
    if (forMs > 0) this.#plan(Math.min(forMs, 500), () => this.move(Math.max(0, forMs - 500)));
  }

  /** Fault: the output stays high, whatever moves. */
  jam(): void {
    this.#cancelEnd();
    this.#set(true);
  }

  /** The end of that fault. */
  free(): void {
    this.#fall();
  }

  #trigger(): void {
    const nowUs = this.#world.nowUs();
    if (nowUs < this.#blindUntilUs || (this.#high && !this.#retriggers)) return;
    this.#cancelEnd();
    this.#set(true);
    this.#end = this.#plan(this.#holdMs, () => this.#fall());
  }

  #fall(): void {
    this.#set(false);
    this.#blindUntilUs = this.#world.nowUs() + this.#blindMs * 1000;
  }

  #set(high: boolean): void {
    this.#high = high;
    this.#pin.drive(this.#name, high ? "high" : "low");
  }

  #cancelEnd(): void {
    if (this.#end !== undefined) this.#world.cancel(this.#end);
    this.#end = undefined;
  }

  #plan(inMs: number, run: () => void): QueuedEvent {
    const session = this.#session;
    return this.#world.after(inMs * 1000, () => {
      if (session === this.#session) run();
    });
  }
}

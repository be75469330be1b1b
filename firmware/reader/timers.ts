import type { Timer, TimerHandle } from "../../protocol/platform.ts";
import type { TimerName } from "./machine.ts";

/** The machine's timers: one of each name; setting it again starts it anew. */
export class NamedTimers {
  readonly #timer: Timer;
  readonly #onDue: (name: TimerName) => void;
  readonly #running = new Map<TimerName, TimerHandle>();

  constructor(timer: Timer, onDue: (name: TimerName) => void) {
    this.#timer = timer;
    this.#onDue = onDue;
  }

  set(name: TimerName, delayMs: number): void {
    const running = this.#running.get(name);
    if (running !== undefined) this.#timer.clear(running);
    const fire = () => {
      this.#running.delete(name);
      this.#onDue(name);
    };
    this.#running.set(name, this.#timer.set(fire, delayMs));
  }

  clear(): void {
    for (const handle of this.#running.values()) this.#timer.clear(handle);
    this.#running.clear();
  }
}

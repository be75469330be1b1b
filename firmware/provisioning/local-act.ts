import { LatchkeyError } from "../../protocol/errors.ts";
import type { Clock } from "../../protocol/platform.ts";
import type { BootReason } from "../platform.ts";

/** How long after power came on somebody may ask. */
export const ACT_WITHIN_MS = 60_000;
/** How long the node then takes a configuration. */
export const OPEN_MS = 300_000;

export interface LocalActOptions {
  readonly clock: Clock;
  readonly bootReason: BootReason;
  /** A node without a configuration takes one at any time. */
  readonly configured: boolean;
}

/**
 * Whether the node takes a configuration. One that has none always does. One that has one does
 * for five minutes after `provision` was typed within a minute of power coming on: a program on
 * a computer that is plugged in all day can type, but it cannot pull the plug. A restart by
 * software or by the watchdog is not power coming on.
 */
export class LocalAct {
  readonly #options: LocalActOptions;
  #openUntilMs = 0;

  constructor(options: LocalActOptions) {
    this.#options = options;
  }

  get open(): boolean {
    return this.leftMs > 0;
  }

  /** For how long it is open; without end on a node without a configuration. */
  get leftMs(): number {
    if (!this.#options.configured) return Number.POSITIVE_INFINITY;
    return Math.max(0, this.#openUntilMs - this.#options.clock.monotonicMs());
  }

  /** Somebody typed `provision`. @throws provisioning-locked */
  ask(): void {
    const { clock, bootReason, configured } = this.#options;
    if (!configured || this.open) return;
    const powered = bootReason === "power-on" || bootReason === "brownout";
    if (!powered || clock.monotonicMs() > ACT_WITHIN_MS)
      throw new LatchkeyError("provisioning-locked");
    this.#openUntilMs = clock.monotonicMs() + OPEN_MS;
  }
}

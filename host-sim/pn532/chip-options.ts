import type { Pins } from "../board/pins.ts";
import type { NfcField } from "../nfc/field.ts";
import type { World } from "../world/world.ts";
import type { Pn532Behaviour } from "./behaviour.ts";

export interface Pn532Options {
  readonly world: World;
  readonly field: NfcField;
  readonly pins?: Pins;
  /** The microcontroller's pin that P70_IRQ is wired to: low while a frame can be read. */
  readonly irqPin?: number;
  /** The pin that RSTPD_N is wired to, pulled up by the module. */
  readonly resetPin?: number;
  /** Needed for `wedge("sda")` and `wedge("scl")`. */
  readonly bus?: { readonly data: number; readonly clock: number };
  readonly behaviour?: Partial<Pn532Behaviour>;
}

/** Sums since the field and the chip were made. */
export interface Pn532Stats {
  /** Time in which frames were on the air. */
  readonly airUs: number;
  /** Bytes on the air, both directions, CRCs included. */
  readonly airBytes: number;
  /** Frame delays, guard times and pauses between tries. */
  readonly delayUs: number;
  /** Waiting for answers that did not come. */
  readonly silenceUs: number;
  /** Computing time of cards, and of this chip; `chipUs` is both. */
  readonly cardUs: number;
  readonly firmwareUs: number;
  readonly chipUs: number;
}

export type PowerMode = "off" | "booting" | "low-vbat" | "normal" | "power-down";

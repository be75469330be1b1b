import type { Clock, Log, Timer } from "../../protocol/platform.ts";
import type { DigitalConstructor, I2CConstructor, SerialConstructor } from "../ecma419.ts";

/** The chip on a bus: the module's switches say I2C. */
export interface I2CHost {
  readonly i2c: {
    readonly io: I2CConstructor;
    readonly data: number;
    readonly clock: number;
    /** Bus speed; 100 kHz unless told. */
    readonly hz?: number;
    /** 0x24 unless told. */
    readonly address?: number;
    readonly port?: number;
    /** Handed to the I/O class as it is: the limit of one transfer. */
    readonly timeout?: number;
  };
  readonly serial?: undefined;
  /** IRQ: without it the driver polls. */
  readonly irq?: { readonly io: DigitalConstructor; readonly pin: number };
  /** Digital class for the bus pins: without it a stuck bus stays stuck. */
  readonly recovery?: { readonly io: DigitalConstructor };
  /**
   * Least pause between two transfers in ms. The I²C specification asks for 4.7 µs, which any
   * JavaScript exceeds: 0 unless told. libnfc waits 5 ms (`PN532_BUS_FREE_TIME`); try that with
   * a module that stops answering.
   */
  readonly busFreeMs?: number;
}

/** The chip on a serial line (High Speed UART, 8N1): the module's switches say HSU. */
export interface SerialHost {
  readonly serial: {
    readonly io: SerialConstructor;
    readonly receive?: number;
    readonly transmit?: number;
    readonly port?: number;
    /** 115200 unless told, which is what the chip starts with. */
    readonly baud?: number;
    /**
     * What stands between this program and the wire (a USB adapter, a busy computer) may hold
     * bytes back for so long; 0 unless told.
     */
    readonly latencyMs?: number;
  };
  readonly i2c?: undefined;
}

/** What does not depend on the way to the chip. */
export interface PN532Settings {
  /** RSTPD_N: without it a wedged chip needs a power cycle. */
  readonly reset?: { readonly io: DigitalConstructor; readonly pin: number };
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log?: Log;
  /**
   * Attempts of InListPassiveTarget to find a card after the first (MxRtyPassiveActivation), of
   * about 150 ms each; 1 unless told. 0xFF is for ever: the chip then looks by itself, which is
   * good with IRQ and `maxTargets` 1, but a chip told to find two may wait for ever for the second.
   */
  readonly activationRetries?: number;
}

export type PN532Options = PN532Settings & (I2CHost | SerialHost);

export interface ListOptions {
  /** 1 or 2; 1 unless told. */
  readonly maxTargets?: 1 | 2;
  readonly timeoutMs?: number;
}

export interface DataExchangeOptions {
  /** Length of the card's answer if it is known: saves bytes on the bus. */
  readonly expectBytes?: number;
  readonly timeoutMs?: number;
}

import { LatchkeyError } from "../../protocol/errors.ts";
import type { I2C, I2CConstructor } from "../ecma419.ts";

/** The `sensor` options of a part on I²C, as in ECMA-419 (2nd edition, clause 13.2). */
export interface I2CSensorOptions {
  readonly io: I2CConstructor;
  readonly data: number;
  readonly clock: number;
  /** 400 kHz unless told, as the standard's example drivers; 100 kHz forgives longer wires. */
  readonly hz?: number;
  /** 7-bit address; each driver says its own default. */
  readonly address?: number;
  readonly port?: number;
  /** Handed to the I/O class as it is: the limit of one transfer in ms. */
  readonly timeout?: number;
}

/**
 * The registers of a chip on a bus that may be shared:
 *
 * ```
 * read:   S addr+W register P   S addr+R byte byte … P
 * write:  S addr+W register byte … P
 * ```
 * A NACK of the *register* byte passes for success on the Pico (hal/ecma419.ts), and the read
 * then gives whatever the chip's pointer stood at; a NACK of a data byte loses the write. So what
 * comes from here proves nothing by itself: a driver reads known registers along with its data,
 * and reads back what it wrote.
 */
export class I2CRegisters {
  readonly #io: I2C;

  constructor(options: I2CSensorOptions, address: number) {
    const { io: Io, hz = 400_000, ...rest } = options;
    this.#io = new Io({ ...rest, hz, address });
  }

  /** @throws sensor-absent, sensor-bus */
  read(register: number, length: number): Uint8Array {
    this.#send(Uint8Array.of(register));
    // A fresh buffer is all zero: a read that times out without throwing, as the Pico's port
    // does, must not look like the last one.
    const bytes = new Uint8Array(length);
    try {
      this.#io.read(bytes);
    } catch (cause) {
      // It did acknowledge its address a moment ago.
      throw new LatchkeyError("sensor-bus", { cause, detail: { register } });
    }
    return bytes;
  }

  /** @throws sensor-absent */
  write(register: number, ...values: readonly number[]): void {
    this.#send(Uint8Array.of(register, ...values));
  }

  close(): void {
    this.#io.close();
  }

  #send(bytes: Uint8Array): void {
    try {
      this.#io.write(bytes);
    } catch (cause) {
      throw new LatchkeyError("sensor-absent", { cause });
    }
  }
}

/** Whether a chip has what was written to it. @throws sensor-bus */
export function assertHeld(register: number, wanted: number, found: number): void {
  if (found === wanted) return;
  throw new LatchkeyError("sensor-bus", {
    message: "the sensor does not hold what was written to it",
    detail: { register, wanted, found },
  });
}

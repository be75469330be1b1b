import type { OneWirePortConstructor } from "./one-wire-port.ts";
import type { PulseCaptureConstructor } from "./pulse-capture.ts";

/**
 * The I/O classes of ECMA-419 (2nd edition, clauses 9-10) as this project uses them. Types only:
 * the simulator and the Moddable runtime each bring classes of these shapes. Ours rather than
 * the published typings, because those are older than the SDK (docs/porting.md).
 */

export interface I2COptions {
  readonly data: number;
  readonly clock: number;
  readonly hz: number;
  /** 7-bit address. */
  readonly address: number;
  readonly port?: number;
  /** Limit of one whole transaction in ms (Moddable's Pico port; its default is 200). */
  readonly timeout?: number;
}

/**
 * ```
 * write:  S  addr+W  A  byte A  byte A  …  P
 * read:   S  addr+R  A  byte A  byte A  …  byte N  P
 * ```
 * Synchronous: the CPU waits while the bytes pass. On the Pico (docs/porting.md) an address NACK
 * throws, a NACK of a *data* byte does not (a partial write looks like success), zero-length
 * transfers do nothing and `stop` is ignored. Drivers must live with that.
 */
export interface I2C {
  /** Fills the buffer, or returns a new one of `byteLength` bytes. Throws on an address NACK. */
  read(byteLength: number, stop?: boolean): ArrayBuffer;
  read(buffer: ArrayBuffer | Uint8Array, stop?: boolean): ArrayBuffer | number;
  /** Throws on an address NACK or a timeout. */
  write(buffer: ArrayBuffer | Uint8Array, stop?: boolean): void;
  close(): void;
}
export type I2CConstructor = new (options: I2COptions) => I2C;

/** `mode` values of Digital (ECMA-419 §10.2; numbers as in Moddable's `embedded:io/digital`). */
export interface DigitalModes {
  readonly Input: number;
  readonly InputPullUp: number;
  readonly InputPullDown: number;
  readonly Output: number;
  readonly OutputOpenDrain: number;
  readonly Rising: number;
  readonly Falling: number;
}

export interface DigitalOptions {
  readonly pin: number;
  readonly mode: number;
  /** `Digital.Rising | Digital.Falling`; needs `onReadable`. */
  readonly edge?: number;
  readonly onReadable?: (this: Digital) => void;
  /** Level of an output at the moment it is configured, before it is driven. */
  readonly initialValue?: number;
}
export interface Digital {
  read(): number;
  write(value: number): void;
  close(): void;
}
export interface DigitalConstructor extends DigitalModes {
  new (options: DigitalOptions): Digital;
}

export interface SerialOptions {
  readonly receive?: number;
  readonly transmit?: number;
  readonly baud: number;
  readonly port?: number;
  readonly format?: "number" | "buffer";
  /** Called when bytes wait; `count` says how many. */
  readonly onReadable?: (this: Serial, count: number) => void;
  /** Called when there is room for `count` bytes to write. */
  readonly onWritable?: (this: Serial, count: number) => void;
}
export interface Serial {
  /** Up to `byteLength` waiting bytes, or `undefined` when there are none. */
  read(byteLength?: number): ArrayBuffer | undefined;
  write(buffer: ArrayBuffer | Uint8Array): void;
  close(): void;
}
export type SerialConstructor = new (options: SerialOptions) => Serial;

export interface PWMOptions {
  readonly pin: number;
  readonly hz: number;
}
export interface PWM {
  /** Duty from 0 to `2^resolution - 1`. */
  write(duty: number): void;
  readonly resolution: number;
  close(): void;
}
export type PWMConstructor = new (options: PWMOptions) => PWM;

/** TCP client socket (ECMA-419 §12.2). Offered by platforms that have a network. */
export interface TCPOptions {
  /** IPv4 in dotted form; names are resolved before. */
  readonly address: string;
  readonly port: number;
  readonly nodelay?: boolean;
  readonly onReadable?: (this: TCP, count: number) => void;
  readonly onWritable?: (this: TCP, count: number) => void;
  /** Also when the far side closes. */
  readonly onError?: (this: TCP) => void;
}
export interface TCP {
  read(byteLength?: number): ArrayBuffer | undefined;
  /** Throws when there is not room for all of it. */
  write(buffer: ArrayBuffer | Uint8Array): void;
  close(): void;
}
export type TCPConstructor = new (options: TCPOptions) => TCP;

/** The classes that a platform provides (the ECMA-419 "provider" of one board). */
export interface IoProvider {
  readonly I2C: I2CConstructor;
  readonly Digital: DigitalConstructor;
  readonly Serial: SerialConstructor;
  readonly PWM: PWMConstructor;
  /** Not of the standard, and native: absent where nobody has written it (docs/porting.md). */
  readonly PulseCapture?: PulseCaptureConstructor;
  /** Likewise. */
  readonly OneWirePort?: OneWirePortConstructor;
}

/**
 * The functions in C of the image (`hal/native/pico/*.c`), as JavaScript sees them. Tests hand in the
 * same shapes made of the simulator's flash and of scripted noise.
 */

/** Raw NOR flash in a region that the image reserves; throws RangeError outside of it. */
export interface NativeFlash {
  bytes(region: number): number;
  read(region: number, offset: number, length: number): ArrayBuffer;
  isErased(region: number, offset: number, length: number): boolean;
  /** One sector; the CPU waits, 45 ms as a rule, 400 ms at most. */
  erase(region: number, offset: number): void;
  /** Whole pages. */
  program(region: number, offset: number, data: Uint8Array): void;
}

export interface NativeRandom {
  /** Up to 1024 bytes, or `undefined` when the source failed its health test. */
  bytes(length: number): ArrayBuffer | undefined;
}

export interface NativeBoard {
  /** Index into {@link BOOT_REASONS}. */
  bootReason(): number;
  /** 16 hexadecimal digits. */
  chipId(): string;
  /** 32 bytes out of the chip's OTP; `undefined` when there are none, or their page is locked. */
  chipSecret(): ArrayBuffer | undefined;
  /** Since boot, with microseconds behind the point. */
  uptimeMs(): number;
  /** Starts the watchdog; from then on `feed` must come more often than `periodMs`. */
  watch(periodMs: number): void;
  feed(): void;
  restart(): never;
  /** Bytes of the engine's heap that are not in use. */
  heapFree(): number;
  /** Collects garbage if some has gathered, in 10 ms or so. */
  idle(): void;
}

/** The USB serial port, never waiting. */
export interface NativeUsb {
  /** Bytes that can be written now; 0 while no terminal is open. */
  room(): number;
  read(): ArrayBuffer | undefined;
  /** Gives back how many bytes were taken. */
  write(bytes: Uint8Array): number;
}

/** The wireless chip, as far as the SDK does not show it. */
export interface NativeRadio {
  /** Why the last attempt to join ended: index into {@link WIFI_FAILURES}. */
  failure(): number;
}

/** State machines that time the levels of a pin (`pulse-capture.c`), each known by a number. */
export interface NativePulses {
  /** Pulls the pin up. Throws when pin, state machines or DMA channels are taken. */
  open(pin: number, wordsMax: number): number;
  /** Holds the line low, lets go and captures; times in rounds of `pulse-words.ts`. */
  start(capture: number, lowRounds: number, durations: number, idleRounds: number): void;
  /** Words of 32 bits, once, when the capture has ended; `undefined` before. */
  words(capture: number): ArrayBuffer | undefined;
  close(capture: number): void;
}

/** State machines that play 1-Wire (`one-wire.c`), each known by a number. */
export interface NativeOneWire {
  /** Throws when pin or state machines are taken. */
  open(pin: number): number;
  reset(line: number): void;
  /**
   * Words of `one-wire-words.ts` (the engine gives C no typed array of words, but its buffer).
   * Throws RangeError for none and for more than the FIFO holds.
   */
  slots(line: number, words: ArrayBuffer): void;
  /** Words of 32 bits, when all was played; `undefined` before. */
  levels(line: number): ArrayBuffer | undefined;
  close(line: number): void;
}

/** The boot ROM with two slots for images (`boot-slots.c`); only in images that are built for it. */
export interface NativeSlots {
  /** 0 or 1; -1 where the image does not lie in a slot. */
  running(): number;
  isTrial(): boolean;
  /** Restarts into the image of a slot, for once. */
  start(slot: number): never;
  /** Keeps what runs, which takes some 50 ms; gives whether that was done. */
  keep(): boolean;
}

/** Order of the numbers in `board.c`. */
export const BOOT_REASONS = Object.freeze([
  "power-on",
  "brownout",
  "reset",
  "watchdog",
  "crash",
  "restart",
] as const);

/** Order of the numbers in `wifi-failure.c`; the first: nobody knows. */
export const WIFI_FAILURES = Object.freeze([
  undefined,
  "wifi-password-wrong",
  "wifi-not-found",
] as const);

/** Order of the regions in `flash-region.c`. */
export const FLASH_REGION = Object.freeze({ journal: 0, configuration: 1, images: 2 });

import { concat } from "../protocol/encoding/bytes.ts";
import { LatchkeyError } from "../protocol/errors.ts";
import type { Timer } from "../protocol/platform.ts";
import type { Digital, DigitalConstructor, I2C, I2CConstructor } from "./ecma419.ts";
import { Framebuffer } from "./framebuffer.ts";
import { glyphWork } from "./glyph-work.ts";
import { delay } from "./timing.ts";

export interface SSD1306Options {
  readonly i2c: {
    readonly io: I2CConstructor;
    readonly data: number;
    readonly clock: number;
    /** 400 kHz unless told. */
    readonly hz?: number;
    /** 0x3C (or 0x3D) unless told. */
    readonly address?: number;
    readonly port?: number;
    readonly timeout?: number;
  };
  /** RES#, where the module brings it out. */
  readonly reset?: { readonly io: DigitalConstructor; readonly pin: number };
  /** Needed with `reset`. */
  readonly timer?: Timer;
  /** Brightness 0-255; 0xCF unless told. */
  readonly contrast?: number;
  /** The picture upside down, for a module mounted so. */
  readonly rotate180?: boolean;
}

const WIDTH = 128;
const HEIGHT = 64;
const PAGES = HEIGHT / 8;
/** Control bytes: a stream of commands, one command, a stream of data (data sheet §8.1.5.2). */
const COMMANDS = 0x00;
const COMMAND = 0x80;
const DATA = 0x40;
const RESET_MS = 10;
/**
 * A new span costs 9 bytes of addressing, and as much of the processor as 30 bytes take on the bus,
 * during which it sleeps: bridge gaps up to that.
 */
export const GAP_MAX = 32;

/**
 * A 128×64 OLED with the SSD1306 controller.
 *
 * ```
 * draw into `framebuffer` ──► flush()                     everything that changed, at once
 *                        └──► flushSlice() … until false  at most one page per call:
 *                                                         ~3 ms at 400 kHz, ~12 ms at 100 kHz
 * ```
 * A copy of what the panel shows tells what changed, so that a line of text costs its own bytes
 * and an unchanged picture none.
 */
export class SSD1306 {
  readonly framebuffer = new Framebuffer(WIDTH, HEIGHT);
  readonly #options: SSD1306Options;
  readonly #io: I2C;
  readonly #reset: Digital | undefined;
  readonly #shown = new Uint8Array((WIDTH * HEIGHT) / 8);
  readonly #shownWords = new Int32Array(this.#shown.buffer);
  readonly #drawnWords = new Int32Array(this.framebuffer.bytes.buffer);
  /** One bit for each page whose content on the panel is not known. */
  #unknownPages = 0xff;
  #page = 0;
  #lit = false;

  constructor(options: SSD1306Options) {
    this.#options = options;
    const { i2c, reset } = options;
    const { io: Io, hz = 400_000, address = 0x3c, ...rest } = i2c;
    this.#io = new Io({ hz, address, ...rest });
    try {
      if (reset !== undefined) {
        this.#reset = new reset.io({ pin: reset.pin, mode: reset.io.Output, initialValue: 1 });
      }
    } catch (error) {
      this.#io.close();
      throw error;
    }
  }

  /** Resets the panel if it can, configures it, and switches it on; shows what is drawn next. */
  async open(): Promise<void> {
    const { timer } = this.#options;
    if (this.#reset !== undefined && timer !== undefined) {
      this.#reset.write(0);
      await delay(timer, RESET_MS);
      this.#reset.write(1);
      await delay(timer, 1);
    }
    this.configure();
  }

  /**
   * Sends the whole set-up again and marks every pixel to be sent: heals a panel that a spark or
   * a loose wire has upset. @throws display-absent
   */
  configure(): void {
    const { contrast = 0xcf, rotate180 = false } = this.#options;
    // The memory holds noise after power-up: the panel goes on only with the first full picture.
    this.#send([
      COMMANDS,
      ...[0xae, 0xd5, 0x80, 0xa8, HEIGHT - 1, 0xd3, 0x00, 0x40],
      ...[0x8d, 0x14, 0x20, 0x00],
      ...(rotate180 ? [0xa0, 0xc0] : [0xa1, 0xc8]),
      ...[0xda, 0x12, 0x81, contrast, 0xd9, 0xf1, 0xdb, 0x40, 0xa4, 0xa6, 0x2e],
    ]);
    this.#unknownPages = 0xff;
    this.#page = 0;
    this.#lit = false;
  }

  /** Whether something drawn is not on the panel yet. */
  get dirty(): boolean {
    if (!this.#lit || this.#unknownPages !== 0) return true;
    const { bytes } = this.framebuffer;
    for (let i = 0; i < bytes.length; i++) if (bytes[i] !== this.#shown[i]) return true;
    return false;
  }

  /** Sends all changes. Up to 1 kB: about 24 ms at 400 kHz. @throws display-absent */
  flush(): void {
    while (this.flushSlice());
  }

  /**
   * Sends one piece of what changed, at most one page. True when there may be more, false when
   * the panel shows the framebuffer. @throws display-absent
   */
  flushSlice(): boolean {
    // What is not known goes out whole, whatever it is: no need to look at the other pages yet.
    if (this.#unknownPages !== 0) {
      while ((this.#unknownPages & (1 << this.#page)) === 0) this.#page = (this.#page + 1) % PAGES;
      this.#sendSpan(this.#page, 0, WIDTH - 1);
      return true;
    }
    if (glyphWork !== undefined) {
      const { bytes } = this.framebuffer;
      const found = glyphWork.changedSpan(bytes, this.#shown, WIDTH, this.#page, GAP_MAX);
      if (found >= 0) {
        this.#page = found >> 16;
        this.#sendSpan(this.#page, (found >> 8) & 0xff, found & 0xff);
        return true;
      }
      return this.#light();
    }
    for (let looked = 0; looked < PAGES; looked++) {
      const page = this.#page;
      // By words up to the first difference: most of the time there is none.
      const alike = this.#alikeColumns(page);
      const span = changedSpan(this.framebuffer.bytes, this.#shown, page * WIDTH, WIDTH, alike);
      if (span !== undefined) {
        this.#sendSpan(page, span[0], span[1]);
        return true;
      }
      this.#page = (page + 1) % PAGES;
    }
    return this.#light();
  }

  /** Nothing is left to send: the panel may be seen. */
  #light(): false {
    if (!this.#lit) this.#send([COMMANDS, 0xaf]);
    this.#lit = true;
    return false;
  }

  setContrast(contrast: number): void {
    this.#send([COMMANDS, 0x81, contrast]);
  }

  /** Switches the panel off and frees the pins. Never throws: the display may be gone. */
  close(): void {
    try {
      this.#send([COMMANDS, 0xae]);
    } catch {
      // Nothing to switch off.
    }
    this.#io.close();
    this.#reset?.close();
  }

  /** How many columns from the left look as they are shown; four at a time. */
  #alikeColumns(page: number): number {
    const drawn = this.#drawnWords;
    const shown = this.#shownWords;
    const start = (page * WIDTH) / 4;
    for (let word = 0; word < WIDTH / 4; word++)
      if (drawn[start + word] !== shown[start + word]) return 4 * word;
    return WIDTH;
  }

  #sendSpan(page: number, first: number, last: number): void {
    const { bytes } = this.framebuffer;
    const made = glyphWork?.takeSpan(bytes, this.#shown, WIDTH, page, first, last);
    const message =
      made === undefined
        ? takeSpan(bytes, this.#shown, WIDTH, page, first, last)
        : new Uint8Array(made);
    // Until the transfer has passed, nobody knows what this page shows.
    this.#unknownPages |= 1 << page;
    this.#write(message);
    this.#unknownPages &= ~(1 << page);
  }

  #send(bytes: readonly number[]): void {
    this.#write(new Uint8Array(bytes));
  }

  #write(bytes: Uint8Array): void {
    try {
      this.#io.write(bytes);
    } catch (cause) {
      throw new LatchkeyError("display-absent", { cause });
    }
  }
}

/**
 * What brings a stretch of a page to the panel, in one transfer: where it is, then its columns from
 * `first` to `last`. From then on it is taken for shown.
 */
export function takeSpan(
  drawn: Uint8Array,
  shown: Uint8Array,
  width: number,
  page: number,
  first: number,
  last: number,
): Uint8Array {
  const columns = drawn.subarray(page * width + first, page * width + last + 1);
  shown.set(columns, page * width + first);
  const where = [0x22, page, page, 0x21, first, last].flatMap((byte) => [COMMAND, byte]);
  return concat(Uint8Array.of(...where, DATA), columns);
}

/**
 * First and last index of the first stretch in which two pictures differ between `start` and
 * `start + length`, small gaps included; they are alike up to `from`.
 */
export function changedSpan(
  drawn: Uint8Array,
  shown: Uint8Array,
  start: number,
  length: number,
  from = 0,
): readonly [number, number] | undefined {
  let first = -1;
  let last = -1;
  for (let column = from; column < length; column++) {
    if (drawn[start + column] === shown[start + column]) {
      if (first >= 0 && column - last > GAP_MAX) break;
      continue;
    }
    if (first < 0) first = column;
    last = column;
  }
  return first < 0 ? undefined : [first, last];
}

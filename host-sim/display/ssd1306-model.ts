import type { I2CDevice } from "../board/i2c-device.ts";
import type { Pin } from "../board/pins.ts";
import type { World } from "../world/world.ts";
import type { Bitmap } from "./bitmap.ts";
import { execute, parameterCount, resetRegisters } from "./ssd1306-commands.ts";
import { COLUMNS, DisplayMemory } from "./ssd1306-memory.ts";

const WIDTH = 128;
const HEIGHT = 64;
/** RES# must be low for at least this long (data sheet §8.9). */
const RESET_LOW_US = 3;
/** D/C# and Co of the control byte (§8.1.5.2). */
const CONTROL_DATA = 0x40;
const CONTROL_SINGLE = 0x80;

export interface Ssd1306ModelOptions {
  readonly world: World;
  /** 0x3C, or 0x3D with SA0 high. */
  readonly address?: number;
  /** The wire to RES#; without one the chip resets at power-up alone. */
  readonly reset?: Pin;
}

/**
 * An SSD1306 with its 128×64 panel, driven by bus bytes alone. What a driver does wrong is
 * recorded in `faults` and in the trace; what the memory holds at power-up is noise, as in the
 * real chip. The glass is mounted the usual way: segment remap A1 and scan direction C8 give an
 * upright picture.
 */
export class Ssd1306Model implements I2CDevice {
  readonly address: number;
  /** Each thing that the driver did wrong, in order. */
  readonly faults: string[] = [];
  readonly stats = { commandBytes: 0, dataBytes: 0, transfers: 0 };
  /** Changes whenever the picture may have changed. */
  revision = 0;
  readonly #world: World;
  readonly #memory = new DisplayMemory();
  #registers = resetRegisters();
  #powered = true;
  #inReset = false;
  #resetSinceUs = 0;
  /** The control byte that governs the next byte; `undefined` before there is one. */
  #control: number | undefined;
  #command: number[] = [];

  constructor(options: Ssd1306ModelOptions) {
    this.#world = options.world;
    this.address = options.address ?? 0x3c;
    this.powerOn();
    const { reset } = options;
    if (reset !== undefined) {
      reset.pull("display", "up");
      reset.onEdge((level) => this.#resetLine(level === 0));
    }
  }

  /** The module gets power: registers as after a reset, noise in the memory. */
  powerOn(): void {
    const { segments } = this.#memory;
    segments.set(this.#world.rng("display").bytes(segments.length));
    this.#powered = true;
    this.#clearRegisters();
  }

  /** The module loses power: it is dark and does not answer. */
  powerOff(): void {
    this.#powered = false;
    this.#clearRegisters();
  }

  /** Whether the panel gives any light at all. */
  get isLit(): boolean {
    return this.#registers.displayOn && this.#registers.chargePump && this.#awake;
  }

  get #awake(): boolean {
    return this.#powered && !this.#inReset;
  }

  get contrast(): number {
    return this.#registers.contrast;
  }

  startWrite(): boolean {
    this.#control = undefined;
    if (!this.#awake) return false;
    this.stats.transfers++;
    return true;
  }

  writeByte(byte: number): boolean {
    if (!this.#awake) return false;
    if (this.#control === undefined) {
      this.#control = byte;
      if ((byte & 0x3f) !== 0) this.#fault(`control byte ${hex(byte)}`);
      return true;
    }
    const control = this.#control;
    if (control & CONTROL_SINGLE) this.#control = undefined;
    if (control & CONTROL_DATA) this.#data(byte);
    else this.#commandByte(byte);
    return true;
  }

  startRead(): boolean {
    return this.#awake;
  }

  /** The status register: bit 6 says that the display is off (§8.1.5.1, table 9-2). */
  readByte(): number {
    return this.#registers.displayOn ? 0x00 : 0x40;
  }

  stop(): void {
    this.#control = undefined;
  }

  /** The panel as somebody in front of it sees it. */
  bitmap(): Bitmap {
    const pixels = new Uint8Array(WIDTH * HEIGHT);
    const { allOn, inverted, startLine, offset, lines, comReversed } = this.#registers;
    if (this.isLit) {
      for (let line = 0; line < lines; line++) {
        // Line `line` of the picture leaves by this COM wire (§8.6, tables 10-1 and 10-2); the
        // glass has COM63 on top and SEG127 on the left.
        const scan = comReversed ? lines - 1 - line : line;
        const com = (scan - offset + 64) % 64;
        const row = (line + startLine) % 64;
        for (let segment = 0; segment < COLUMNS; segment++) {
          const byte = this.#memory.segments[(row >> 3) * COLUMNS + segment]!;
          const bit = allOn ? 1 : ((byte >> (row & 7)) & 1) ^ (inverted ? 1 : 0);
          pixels[(HEIGHT - 1 - com) * WIDTH + (WIDTH - 1 - segment)] = bit;
        }
      }
    }
    return { width: WIDTH, height: HEIGHT, pixels };
  }

  #data(byte: number): void {
    if (this.#command.length > 0) {
      this.#fault(`data in the middle of command ${hex(this.#command[0]!)}`);
      this.#command = [];
    }
    this.stats.dataBytes++;
    this.#memory.write(byte);
    this.revision++;
  }

  #commandByte(byte: number): void {
    this.stats.commandBytes++;
    this.#command.push(byte);
    const [opcode, a, b] = this.#command as [number, number?, number?];
    if (this.#command.length <= parameterCount(opcode)) return;
    this.#command = [];
    const wrong = execute(this.#registers, this.#memory, opcode, a, b);
    if (wrong !== undefined) this.#fault(`${hex(opcode)}: ${wrong}`);
    this.revision++;
  }

  #resetLine(low: boolean): void {
    const now = this.#world.nowUs();
    if (low) {
      this.#inReset = true;
      this.#resetSinceUs = now;
      this.#clearRegisters();
      return;
    }
    if (this.#inReset && now - this.#resetSinceUs < RESET_LOW_US) {
      this.#fault(`reset of ${now - this.#resetSinceUs} µs`);
    }
    this.#inReset = false;
  }

  #clearRegisters(): void {
    this.#registers = resetRegisters();
    this.#memory.reset();
    this.#command = [];
    this.#control = undefined;
    this.revision++;
  }

  #fault(text: string): void {
    this.faults.push(text);
    this.#world.record("display", `fault ${text}`);
  }
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

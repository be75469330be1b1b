import type { I2CDevice } from "../board/i2c-device.ts";
import type { World } from "../world/world.ts";
import type { Pn532Behaviour } from "./behaviour.ts";
import { HostFrameReader } from "./host-frame.ts";
import type { HostLink } from "./host-link.ts";

const READY = 0x01;
const BUSY = 0x00;
/** What the chip gives behind the end of a frame. */
const FILL = 0x00;

/** What the I²C face needs to know of the chip. */
export interface ChipPower {
  /** `deaf`: held in reset, booting or wedged; the address is not acknowledged. */
  power(): "deaf" | "asleep" | "awake";
  /** An address match wakes a sleeping chip if its wake-up sources say so. */
  wakeByI2C(): boolean;
}

/**
 * The PN532 as an I²C target at 0x24 (UM0701-02 §6.2.4; libnfc drivers/pn532_i2c.c for what a
 * host sees). Every read begins with a status byte. Reading that alone consumes nothing; reading
 * on takes the frame, however much of it was read.
 */
export class Pn532I2CFace implements I2CDevice {
  readonly address = 0x24;
  readonly #world: World;
  readonly #behaviour: Pn532Behaviour;
  readonly #link: HostLink;
  readonly #chip: ChipPower;
  readonly #reader = new HostFrameReader();
  #reading: Uint8Array | undefined;
  #readAt = 0;
  #holdUntilUs = Number.NEGATIVE_INFINITY;
  #pendingHold: number | undefined;

  constructor(world: World, behaviour: Pn532Behaviour, link: HostLink, chip: ChipPower) {
    this.#world = world;
    this.#behaviour = behaviour;
    this.#link = link;
    this.#chip = chip;
  }

  /** Holds SCL for `us` (`Infinity`: until a reset) at the next transfer that addresses it. */
  holdScl(us: number): void {
    this.#pendingHold = us;
  }

  /** As after a reset. */
  reset(): void {
    this.#reader.reset();
    this.#reading = undefined;
    this.#holdUntilUs = Number.NEGATIVE_INFINITY;
    this.#pendingHold = undefined;
  }

  startWrite(): boolean {
    this.#reader.reset();
    const power = this.#chip.power();
    if (power === "deaf") return false;
    if (power === "asleep") {
      if (!this.#chip.wakeByI2C()) return false;
      if (this.#behaviour.asleep === "nack") return false;
      this.#hold(this.#behaviour.wakeUs);
    }
    this.#beginHold();
    return true;
  }

  writeByte(byte: number): boolean {
    // A reset in mid-transfer leaves the rest unacknowledged.
    if (this.#chip.power() === "deaf") return false;
    const frame = this.#reader.push(byte);
    if (frame !== undefined) this.#link.receive(frame);
    return true;
  }

  startRead(): boolean {
    const power = this.#chip.power();
    if (power === "asleep") this.#chip.wakeByI2C();
    if (power !== "awake") return false;
    const { offered, busy } = this.#link;
    if (
      offered === undefined &&
      busy &&
      this.#world.rng("pn532").chance(this.#behaviour.busyNack)
    ) {
      return false;
    }
    this.#beginHold();
    // Decided once, at the start: a frame that gets ready meanwhile is for the next read.
    this.#reading = offered;
    this.#readAt = 0;
    return true;
  }

  readByte(): number {
    if (this.#chip.power() === "deaf") return 0xff;
    const at = this.#readAt++;
    if (at === 0) return this.#reading === undefined ? BUSY : READY;
    if (at === 1 && this.#reading !== undefined) this.#link.taken();
    return this.#reading?.[at - 1] ?? FILL;
  }

  stop(): void {
    this.#reading = undefined;
    this.#reader.reset();
  }

  stretchUs(): number {
    return this.#holdUntilUs - this.#world.nowUs();
  }

  #beginHold(): void {
    if (this.#pendingHold === undefined) return;
    this.#hold(this.#pendingHold);
    this.#pendingHold = undefined;
  }

  #hold(us: number): void {
    this.#holdUntilUs = Math.max(this.#holdUntilUs, this.#world.nowUs() + us);
  }
}

import type { I2CDevice } from "../board/i2c-device.ts";
import type { World } from "../world/world.ts";

export interface RegisterChipOptions {
  readonly world: World;
  readonly address: number;
  /** Name in the trace and of the random stream. */
  readonly name: string;
  /** From power to the first acknowledge, also after a reset where the chip goes deaf for it. */
  readonly startUs: number;
}

/**
 * A chip that is a row of registers behind a pointer: power, acknowledge, pointer, and the events
 * that power takes away with it. What the registers do is the subclass's.
 */
export abstract class RegisterChip implements I2CDevice {
  readonly address: number;
  /** Each thing that the driver did wrong, in order. */
  readonly faults: string[] = [];
  protected readonly world: World;
  protected readonly name: string;
  readonly #startUs: number;
  #powered = true;
  #deafUntilUs = 0;
  /** Counts resets, so that an event of the time before does nothing. */
  #life = 0;

  constructor({ world, address, name, startUs }: RegisterChipOptions) {
    this.world = world;
    this.address = address;
    this.name = name;
    this.#startUs = startUs;
  }

  /** The supply comes: power-on registers, and no answer before the start-up time is over. */
  powerOn(): void {
    this.#powered = true;
    this.restart();
  }

  /** The supply, or a wire, goes: nobody answers. */
  powerOff(): void {
    this.#powered = false;
    this.#life++;
  }

  /** A dip of the supply, as a load's inrush makes it: only the registers know. */
  brownout(): void {
    this.awaken();
  }

  get answers(): boolean {
    return this.#powered && this.world.nowUs() >= this.#deafUntilUs;
  }

  startWrite(): boolean {
    if (this.answers) this.beginWrite();
    return this.answers;
  }

  writeByte(byte: number): boolean {
    return this.answers && this.takeByte(byte);
  }

  startRead(): boolean {
    if (this.answers) this.beginRead();
    return this.answers;
  }

  readByte(): number {
    return this.answers ? this.giveByte() : 0xff;
  }

  stop(): void {}

  /** As after power-on, and ready to answer: how a model begins. */
  protected awaken(): void {
    this.restart();
    this.#deafUntilUs = 0;
  }

  /** All registers at their power-on values; deaf for the start-up time. */
  protected restart(): void {
    this.#life++;
    this.#deafUntilUs = this.world.nowUs() + this.#startUs;
    this.resetRegisters();
  }

  /** An event of this chip: void once it was reset or lost its power. */
  protected after(us: number, run: () => void): void {
    const life = this.#life;
    this.world.after(us, () => {
      if (life === this.#life) run();
    });
  }

  /** Ends what is under way, without a reset. */
  protected forgetEvents(): void {
    this.#life++;
  }

  protected fault(text: string): void {
    this.faults.push(text);
    this.world.record(this.name, `fault ${text}`);
  }

  protected abstract resetRegisters(): void;
  protected abstract beginWrite(): void;
  protected abstract takeByte(byte: number): boolean;
  protected abstract beginRead(): void;
  protected abstract giveByte(): number;
}

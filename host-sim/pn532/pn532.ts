import type { Pin, Pins } from "../board/pins.ts";
import { runInField } from "../nfc/air-procedure.ts";
import type { NfcField } from "../nfc/field.ts";
import type { QueuedEvent } from "../world/event-queue.ts";
import type { World } from "../world/world.ts";
import { DEFAULT_COMMAND_US, type Pn532Behaviour, TYPICAL } from "./behaviour.ts";
import type { Pn532Options, Pn532Stats, PowerMode } from "./chip-options.ts";
import { type ChipParts, COMMAND, runCommand } from "./commands.ts";
import { errorFrame, responseFrame } from "./host-frame.ts";
import { type CommandRunner, HostLink } from "./host-link.ts";
import { type ChipPower, Pn532I2CFace } from "./i2c-face.ts";
import { Registers } from "./registers.ts";
import { RfSettings } from "./rf-settings.ts";
import { STATUS } from "./status.ts";
import { Targets } from "./targets.ts";

/**
 * Ways in which a chip can be stuck until RSTPD_N is pulsed: it does not acknowledge its address,
 * it is never ready, or it holds one of the wires.
 */
export type Wedge = "silent" | "busy" | "sda" | "scl";

/** PowerDown's WakeUpEnable. */
const WAKE_I2C = 0x80;
const WAKE_HSU = 0x10;
/** The chip goes to sleep this long after PowerDown's answer has been read. */
const FALL_ASLEEP_US = 1000;
/** Part of a command's firmware time that passes before its first action on the air. */
const BEFORE_AIR = 0.6;

/**
 * A PN532 with firmware 1.6, seen from its pins: the host link in the middle, a face for the bus
 * on one side, the field on the other. It lives in events of the world, so that cards come and go
 * and frames travel while the host does something else.
 * @example
 * const chip = new Pn532({ world, field, pins, irqPin: 7, resetPin: 6 });
 * bus.attach(chip.i2c);
 */
export class Pn532 implements ChipPower, CommandRunner {
  readonly i2c: Pn532I2CFace;
  readonly link: HostLink;
  /** A status byte that the next InDataExchange reports instead of doing anything, e.g. 0x0d. */
  forcedStatus: number | undefined;
  readonly #world: World;
  readonly #field: NfcField;
  readonly #pins: Pins | undefined;
  readonly #irq: Pin | undefined;
  readonly #bus: { readonly data: number; readonly clock: number } | undefined;
  readonly #behaviour: Pn532Behaviour;
  readonly #rf = new RfSettings();
  readonly #registers = new Registers();
  readonly #targets: Targets;
  readonly #parts: ChipParts;
  #mode: PowerMode = "off";
  #isAsleep = false;
  #waking: QueuedEvent | undefined;
  #booting: QueuedEvent | undefined;
  #fallAsleep: number | undefined;
  #wakeUpEnable = 0xff;
  #irqDriven = true;
  #wedged: Wedge | undefined;
  #firmwareUs = 0;
  readonly #onOffer: ((offered: boolean) => void)[] = [];

  constructor(options: Pn532Options) {
    this.#world = options.world;
    this.#field = options.field;
    this.#pins = options.pins;
    this.#bus = options.bus;
    this.#behaviour = { ...TYPICAL, ...options.behaviour };
    this.#targets = new Targets(this.#world, this.#field, this.#behaviour, this.#rf);
    this.#parts = this.#makeParts();
    this.link = new HostLink(this.#world, this.#behaviour, this, (offered) => this.#offer(offered));
    this.i2c = new Pn532I2CFace(this.#world, this.#behaviour, this.link, this);
    if (options.irqPin !== undefined) this.#irq = options.pins?.pin(options.irqPin);
    this.#wireReset(options);
  }

  get mode(): PowerMode {
    return this.#mode;
  }

  get wedged(): Wedge | undefined {
    return this.#wedged;
  }

  /** Where the time went. */
  get stats(): Pn532Stats {
    const { airUs, delayUs, silenceUs, chipUs, pcdBytes, piccBytes } = this.#field.stats;
    const firmwareUs = this.#firmwareUs;
    return {
      airUs,
      airBytes: pcdBytes + piccBytes,
      delayUs,
      silenceUs,
      cardUs: chipUs,
      firmwareUs,
      chipUs: chipUs + firmwareUs,
    };
  }

  /** Supply voltage comes, or RSTPD_N rises. */
  powerOn(): void {
    if (this.#mode !== "off") return;
    this.#mode = "booting";
    this.#booting = this.#world.after(this.#behaviour.bootUs, () => {
      this.#mode = "low-vbat";
      this.#isAsleep = true;
      this.#irq?.drive("pn532", "high");
    });
  }

  /** Supply voltage goes, or RSTPD_N falls: nothing is left, wedges neither. */
  powerOff(): void {
    if (this.#mode === "off") return;
    this.#mode = "off";
    this.#world.record("pn532", "reset");
    for (const event of [this.#booting, this.#waking]) if (event) this.#world.cancel(event);
    this.#waking = undefined;
    this.#isAsleep = false;
    this.#fallAsleep = undefined;
    this.#wakeUpEnable = 0xff;
    this.#irqDriven = true;
    this.forcedStatus = undefined;
    this.link.forget();
    this.i2c.reset();
    this.#targets.forget();
    this.#rf.reset();
    this.#registers.reset();
    this.#field.switchOff();
    this.#unwedge();
    this.#irq?.drive("pn532", "none");
  }

  /** Gets stuck now, until a reset. */
  wedge(how: Wedge): void {
    if (this.#mode === "off") return;
    this.#world.record("pn532", `wedged ${how}`);
    this.link.forget();
    this.#wedged = how;
    if (how === "sda" || how === "scl") this.#wedgedPin()?.drive("pn532-wedge", "low");
  }

  power(): "deaf" | "asleep" | "awake" {
    if (this.#mode === "off" || this.#mode === "booting") return "deaf";
    if (this.#wedged !== undefined && this.#wedged !== "busy") return "deaf";
    return this.#isAsleep ? "asleep" : "awake";
  }

  wakeByI2C(): boolean {
    return this.#wake(WAKE_I2C);
  }

  /** The same for a byte on the serial face. */
  wakeByHsu(): boolean {
    return this.#wake(WAKE_HSU);
  }

  listensTo(command: Uint8Array): boolean {
    if (this.#wedged !== undefined) return false;
    if (this.#mode !== "low-vbat" || this.#behaviour.lowVbat === "lenient") return true;
    return command[0] === COMMAND.samConfiguration;
  }

  spuriousNack(): void {
    this.#world.record("pn532", "spurious NACK");
    if (this.#behaviour.spuriousNack === "wedge") this.wedge("busy");
  }

  get bareFrames(): boolean {
    return this.#rf.bareFrames;
  }

  run(command: Uint8Array, done: (frame: Uint8Array) => void): () => void {
    const code = command[0]!;
    const totalUs = this.#firmwareTime(code);
    let callOff = this.#spend(totalUs * BEFORE_AIR, () => {
      const procedure = runCommand(this.#parts, code, command.slice(1));
      callOff = runInField(this.#world, this.#field, procedure, (data) => {
        callOff = this.#spend(totalUs * (1 - BEFORE_AIR), () => done(this.#answer(code, data)));
      });
    });
    return () => callOff();
  }

  /** For faces that are told when there is something to send. */
  onOffer(listener: (offered: boolean) => void): void {
    this.#onOffer.push(listener);
  }

  #answer(code: number, data: Uint8Array | undefined): Uint8Array {
    // PowerDown and a change of the frames' form take effect behind the answer.
    const bare = code === COMMAND.setParameters ? false : this.#rf.bareFrames;
    if (data === undefined) return errorFrame(bare);
    return responseFrame(Uint8Array.of(code + 1, ...data), bare);
  }

  #makeParts(): ChipParts {
    return {
      field: this.#field,
      targets: this.#targets,
      rf: this.#rf,
      registers: this.#registers,
      lastStatus: STATUS.ok,
      samConfigured: (irqDriven) => {
        this.#mode = "normal";
        this.#irqDriven = irqDriven;
        const low = irqDriven && this.link.offered !== undefined;
        this.#irq?.drive("pn532", low ? "low" : "high");
      },
      powerDownAfterAnswer: (wakeUpEnable) => {
        this.#fallAsleep = wakeUpEnable;
      },
      takeForcedStatus: () => {
        const status = this.forcedStatus;
        this.forcedStatus = undefined;
        // The chip protects itself: it switches its drivers off (UM0701-02 §7.1).
        if (status === STATUS.overheated || status === STATUS.overCurrent) this.#field.switchOff();
        return status;
      },
    };
  }

  #wireReset(options: Pn532Options): void {
    if (options.resetPin === undefined || options.pins === undefined) {
      this.powerOn();
      return;
    }
    const pin = options.pins.pin(options.resetPin);
    pin.pull("pn532", "up");
    pin.onEdge((level) => (level === 0 ? this.powerOff() : this.powerOn()));
    if (pin.level === 1) this.powerOn();
  }

  #offer(offered: boolean): void {
    if (this.#irqDriven) this.#irq?.drive("pn532", offered ? "low" : "high");
    for (const listener of this.#onOffer) listener(offered);
    if (offered || this.#fallAsleep === undefined || this.link.busy) return;
    const wakeUpEnable = this.#fallAsleep;
    this.#fallAsleep = undefined;
    this.#waking = this.#world.after(FALL_ASLEEP_US, () => this.#powerDown(wakeUpEnable));
  }

  #powerDown(wakeUpEnable: number): void {
    this.#waking = undefined;
    this.#mode = "power-down";
    this.#isAsleep = true;
    this.#wakeUpEnable = wakeUpEnable;
    this.link.forget();
    this.#field.switchOff();
    this.#targets.forget();
    this.#world.record("pn532", "power down");
  }

  #wake(source: number): boolean {
    if (!this.#isAsleep) return true;
    if ((this.#wakeUpEnable & source) === 0) return false;
    this.#waking ??= this.#world.after(this.#behaviour.wakeUs, () => {
      this.#waking = undefined;
      this.#isAsleep = false;
      if (this.#mode === "power-down") this.#mode = "normal";
    });
    return true;
  }

  #firmwareTime(code: number): number {
    const us = this.#behaviour.commandUs[code] ?? DEFAULT_COMMAND_US;
    const { jitter } = this.#behaviour;
    if (jitter === 0) return us;
    return Math.round(us * (1 + jitter * (2 * this.#world.rng("pn532").unit() - 1)));
  }

  #spend(us: number, then: () => void): () => void {
    this.#firmwareUs += us;
    const event = this.#world.after(us, then);
    return () => this.#world.cancel(event);
  }

  #wedgedPin(): Pin | undefined {
    if (this.#bus === undefined) return undefined;
    return this.#pins?.pin(this.#wedged === "sda" ? this.#bus.data : this.#bus.clock);
  }

  #unwedge(): void {
    this.#wedgedPin()?.drive("pn532-wedge", "none");
    this.#wedged = undefined;
  }
}

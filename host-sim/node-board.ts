import type { NodeConfig } from "../firmware/node-config.ts";
import type { BootReason, Network, Platform, UpdateBoard } from "../firmware/platform.ts";
import type { CryptoProvider } from "../protocol/crypto/provider.ts";
import { toHex } from "../protocol/encoding/hex.ts";
import type { Log } from "../protocol/platform.ts";
import { I2CBus } from "./board/i2c-bus.ts";
import { boardIo } from "./board/io.ts";
import { Pins } from "./board/pins.ts";
import { PowerGate } from "./board/power-gate.ts";
import { PwmRecorder } from "./board/pwm.ts";
import { SerialLine } from "./board/serial.ts";
import { Ssd1306Model } from "./display/ssd1306-model.ts";
import { FlashModel } from "./flash/flash-model.ts";
import { nodePlatform } from "./node-platform.ts";
import { SensorRig } from "./rig/sensor-rig.ts";
import type { SensorEntry } from "./rig/simulated-sensor.ts";
import type { World } from "./world/world.ts";

export interface NodeBoardOptions {
  readonly world: World;
  readonly network: Network;
  /** What the node computes with: wrapped so that it costs time. */
  readonly crypto: CryptoProvider;
  /** The list `sensors` of the configuration, from which the board knows what is wired where. */
  readonly sensors?: readonly SensorEntry[];
  /** What the flash holds at first; erased when absent. */
  readonly flashImage?: Uint8Array;
  /** 16 hexadecimal digits; made from the seed when absent. */
  readonly chipId?: string;
  readonly onLog?: Log["write"];
  /** What boot code does at each start, on a board that has some. */
  readonly boot?: () => BootedImage;
}

/** The program that boot code started, and where its images are. */
export interface BootedImage {
  readonly version: string;
  readonly update: UpdateBoard;
}

const FIRMWARE_VERSION = "0.1.0";
/** Between the press of a reset button, or a restart, and the first instruction. */
const RESET_US = 2_000;

/**
 * What every simulated node has: microcontroller, flash, console, perhaps a display and sensors,
 * and a supply that can go at any moment. The firmware is the one that runs on the board; it
 * learns of the outside by bytes on buses and levels on pins only.
 */
export abstract class NodeBoard<Handle> {
  readonly world: World;
  readonly pins: Pins;
  readonly displayBus: I2CBus | undefined;
  readonly display: Ssd1306Model | undefined;
  readonly rig: SensorRig;
  readonly flash: FlashModel;
  /** The console's line. */
  readonly serial: SerialLine;
  readonly pwm = new PwmRecorder();
  readonly chipId: string;
  readonly #options: NodeBoardOptions;
  readonly #console: NodeConfig["console"];
  readonly #onBoot: ((handle: Handle) => void)[] = [];
  readonly #onStage: ((stage: string) => void)[] = [];
  readonly #onPower: ((on: boolean) => void)[] = [];
  #gate: PowerGate | undefined;
  #handle: Handle | undefined;
  /** How often the program has been started. */
  boots = 0;

  constructor(options: NodeBoardOptions, config: Pick<NodeConfig, "display" | "console">) {
    const { world } = options;
    const { display } = config;
    this.#options = options;
    this.#console = config.console;
    this.world = world;
    this.pins = new Pins(world);
    const { pins } = this;
    if (display !== undefined) {
      const { data, clock, address } = display;
      this.displayBus = new I2CBus({ world, pins, data, clock, name: "display" });
      this.display = new Ssd1306Model({ world, address });
      this.displayBus.attach(this.display);
    }
    const buses = this.displayBus === undefined ? [] : [this.displayBus];
    this.rig = new SensorRig({ world, pins, entries: options.sensors ?? [], buses });
    this.chipId = options.chipId ?? toHex(world.rng("chip-id").bytes(8));
    const image = options.flashImage;
    this.flash = new FlashModel({
      ...{ world, rng: world.rng("flash") },
      // A cut that was planned for one of its operations takes the whole board with it.
      onCut: () => this.powerOff(),
      ...(image === undefined ? {} : { image }),
    });
    this.serial = new SerialLine(world);
  }

  /** Where the program is; `off` without power. */
  abstract get stage(): string;

  /** The running firmware; absent without power. */
  get handle(): Handle | undefined {
    return this.#handle;
  }

  /** Called when the program starts to run (true) and when it stops (false). */
  onPower(listener: (on: boolean) => void): void {
    this.#onPower.push(listener);
  }

  onBoot(listener: (handle: Handle) => void): void {
    this.#onBoot.push(listener);
  }

  /** Called with the program's stage when it starts, and at every change. */
  onStage(listener: (stage: string) => void): void {
    this.#onStage.push(listener);
  }

  /** Applies power (or lets go of the reset button): the program starts from its beginning. */
  powerOn(reason: BootReason = "power-on"): void {
    if (this.#gate !== undefined) return;
    const { world } = this;
    this.boots++;
    world.record("power", `boot ${reason}`);
    for (const listener of this.#onPower) listener(true);
    const gate = new PowerGate();
    this.#gate = gate;
    this.chipsOn();
    // The chips around keep their power over a reset.
    if (reason === "power-on") this.rig.powerOn();
    this.display?.powerOn();
    this.flash.powerOn();
    const platform = this.#platform(gate, reason);
    // The program runs as a task: only the node's event loop may spend time.
    world.task(0, () => {
      const handle = this.start(platform);
      this.#handle = handle;
      if (handle === undefined) return;
      for (const listener of this.#onBoot) listener(handle);
      this.#tellStages(handle);
    });
  }

  /** Takes power away, in the middle of whatever is going on. */
  powerOff(): void {
    this.#halt("off");
    this.chipsOff();
    this.rig.powerOff();
    this.display?.powerOff();
    this.flash.powerOff();
  }

  /** The reset button, `restart()` or the watchdog: the chips around keep their power. */
  restart(reason: BootReason): void {
    this.#halt(reason);
    this.world.after(RESET_US, () => this.powerOn(reason));
  }

  /** Chips of this kind of board. */
  protected abstract chipsOn(): void;
  protected abstract chipsOff(): void;
  /** Buses of this kind of board, beside those of display and sensors. */
  protected abstract ownBuses(): readonly I2CBus[];
  /** The firmware's entry; `undefined` when another program than the node's own runs. */
  protected abstract start(platform: Platform): Handle | undefined;
  /** The program is no more. */
  protected halted(): void {}
  /** Calls back at least when the stage changes. */
  protected abstract follow(handle: Handle, listener: () => void): void;

  #platform(gate: PowerGate, bootReason: BootReason): Platform {
    const { world, pins, rig } = this;
    const { network, crypto, onLog, boot } = this.#options;
    const booted = boot?.();
    const serials = new Map(rig.serials);
    if (this.#console !== undefined) serials.set(this.#console.transmit, this.serial);
    const io = boardIo({
      pins,
      buses: [...this.ownBuses(), ...rig.buses],
      serials,
      pwm: this.pwm,
      digital: { initialValue: false },
    });
    return nodePlatform({
      ...{ world, gate, io, flash: this.flash, network, crypto, bootReason },
      chipId: this.chipId,
      version: booted?.version ?? FIRMWARE_VERSION,
      ...(booted === undefined ? {} : { update: booted.update }),
      onRestart: (why) => world.after(0, () => gate === this.#gate && this.restart(why)),
      ...(onLog === undefined ? {} : { onLog }),
    });
  }

  #tellStages(handle: Handle): void {
    let told: string | undefined;
    const tell = () => {
      if (this.stage === told) return;
      told = this.stage;
      for (const listener of this.#onStage) listener(told);
    };
    tell();
    this.follow(handle, tell);
  }

  #halt(why: string): void {
    if (this.#gate === undefined) return;
    this.world.record("power", `halt ${why}`);
    this.#gate.cut();
    this.#gate = undefined;
    this.#handle = undefined;
    this.halted();
    this.pins.releaseAll();
    for (const listener of this.#onPower) listener(false);
  }
}

import { parseReaderConfig, type ReaderConfig } from "../firmware/config.ts";
import type { BootReason, Network, Platform } from "../firmware/platform.ts";
import type { Provisioning } from "../firmware/provisioning/provisioning.ts";
import {
  startUnconfigured,
  storedConfig,
  type UnconfiguredHandle,
} from "../firmware/provisioning/unconfigured-node.ts";
import { type ReaderHandle, startReader } from "../firmware/reader/reader.ts";
import type { CryptoProvider } from "../protocol/crypto/provider.ts";
import { toHex } from "../protocol/encoding/hex.ts";
import { toLatchkeyError } from "../protocol/errors.ts";
import type { Log } from "../protocol/platform.ts";
import { I2CBus } from "./board/i2c-bus.ts";
import { boardIo } from "./board/io.ts";
import { Pins } from "./board/pins.ts";
import { PowerGate } from "./board/power-gate.ts";
import { PwmRecorder } from "./board/pwm.ts";
import { RelayRecorder } from "./board/relay-recorder.ts";
import { SerialLine } from "./board/serial.ts";
import { Ssd1306Model } from "./display/ssd1306-model.ts";
import { FlashModel } from "./flash/flash-model.ts";
import { NfcField } from "./nfc/field.ts";
import { nodePlatform } from "./node-platform.ts";
import type { Pn532Behaviour } from "./pn532/behaviour.ts";
import { Pn532 } from "./pn532/pn532.ts";
import type { World } from "./world/world.ts";

export interface ReaderBoardOptions {
  readonly world: World;
  readonly config: ReaderConfig;
  readonly network: Network;
  /** What the node computes with: wrapped so that it costs time. */
  readonly crypto: CryptoProvider;
  readonly pn532?: Partial<Pn532Behaviour>;
  /**
   * Where the node's configuration comes from, as on a real board. Without it the program has
   * `config`, which tells of the wires in any case.
   */
  readonly provisioning?: Provisioning;
  /** What the flash holds at first; erased when absent. */
  readonly flashImage?: Uint8Array;
  readonly onLog?: Log["write"];
}

const FIRMWARE_VERSION = "0.1.0";
/** Between the press of a reset button, or a restart, and the first instruction. */
const RESET_US = 2_000;

/**
 * A complete badge reader on the desk: microcontroller, PN532, display, relay, flash and wires.
 * The firmware is the one that runs on the board; it learns of the outside by bytes on buses and
 * levels on pins only.
 */
export class ReaderBoard {
  readonly world: World;
  readonly pins: Pins;
  readonly field: NfcField;
  readonly nfcBus: I2CBus;
  readonly displayBus: I2CBus | undefined;
  readonly pn532: Pn532;
  readonly display: Ssd1306Model | undefined;
  readonly relay: RelayRecorder;
  readonly flash: FlashModel;
  readonly serial: SerialLine;
  readonly pwm = new PwmRecorder();
  readonly #options: ReaderBoardOptions;
  readonly #onBoot: ((reader: ReaderHandle) => void)[] = [];
  readonly #onPower: ((on: boolean) => void)[] = [];
  #detachPn532: (() => void) | undefined;
  #gate: PowerGate | undefined;
  #reader: ReaderHandle | undefined;
  #unconfigured: UnconfiguredHandle | undefined;
  /** How often the program has been started. */
  boots = 0;

  constructor(options: ReaderBoardOptions) {
    const { world, config } = options;
    const { nfc, display, relay } = config;
    this.#options = options;
    this.world = world;
    this.pins = new Pins(world);
    const { pins } = this;
    this.field = new NfcField(world);
    this.nfcBus = new I2CBus({ world, pins, data: nfc.data, clock: nfc.clock, name: "nfc" });
    this.pn532 = new Pn532({
      world,
      field: this.field,
      pins,
      ...(nfc.irq === undefined ? {} : { irqPin: nfc.irq }),
      ...(nfc.reset === undefined ? {} : { resetPin: nfc.reset }),
      bus: { data: nfc.data, clock: nfc.clock },
      behaviour: options.pn532 ?? {},
    });
    this.#detachPn532 = this.nfcBus.attach(this.pn532.i2c);
    if (display !== undefined) {
      const { data, clock, address } = display;
      this.displayBus = new I2CBus({ world, pins, data, clock, name: "display" });
      this.display = new Ssd1306Model({ world, address });
      this.displayBus.attach(this.display);
    }
    const relayPin = pins.pin(relay.pin);
    this.relay = new RelayRecorder({ world, pin: relayPin, activeLow: !relay.activeHigh });
    this.flash = makeFlash(this, options.flashImage);
    this.serial = new SerialLine(world);
  }

  /** The running firmware; absent without power. */
  get reader(): ReaderHandle | undefined {
    return this.#reader;
  }

  /** The program that waits for a configuration, while it runs. */
  get unconfigured(): UnconfiguredHandle | undefined {
    return this.#unconfigured;
  }

  /** Called when the program starts to run (true) and when it stops (false). */
  onPower(listener: (on: boolean) => void): void {
    this.#onPower.push(listener);
  }

  onBoot(listener: (reader: ReaderHandle) => void): void {
    this.#onBoot.push(listener);
  }

  /** Pulls the PN532's plug, or puts it back. */
  connectPn532(connected: boolean): void {
    if (connected === (this.#detachPn532 !== undefined)) return;
    if (connected) {
      this.#detachPn532 = this.nfcBus.attach(this.pn532.i2c);
      this.pn532.powerOn();
      return;
    }
    this.#detachPn532?.();
    this.#detachPn532 = undefined;
    this.pn532.powerOff();
  }

  /** Applies power (or lets go of the reset button): the program starts from its beginning. */
  powerOn(reason: BootReason = "power-on"): void {
    if (this.#gate !== undefined) return;
    const { world, pins } = this;
    this.boots++;
    world.record("power", `boot ${reason}`);
    for (const listener of this.#onPower) listener(true);
    const gate = new PowerGate();
    this.#gate = gate;
    this.pn532.powerOn();
    this.display?.powerOn();
    this.flash.powerOn();
    const { config, network, crypto, onLog, provisioning } = this.#options;
    const buses = this.displayBus === undefined ? [] : [this.displayBus];
    const transmit = config.console?.transmit;
    const io = boardIo({
      pins,
      buses: [this.nfcBus, ...buses],
      serials: new Map(transmit === undefined ? [] : [[transmit, this.serial]]),
      pwm: this.pwm,
      digital: { initialValue: false },
    });
    const platform: Platform = nodePlatform({
      world,
      gate,
      io,
      flash: this.flash,
      network,
      crypto,
      bootReason: reason,
      chipId: toHex(world.rng("chip-id").bytes(8)),
      version: FIRMWARE_VERSION,
      onRestart: (why) => world.after(0, () => gate === this.#gate && this.restart(why)),
      ...(onLog === undefined ? {} : { onLog }),
    });
    if (provisioning === undefined) this.#start(platform, config);
    else this.#startStored({ ...platform, provisioning }, provisioning);
  }

  /** Takes power away, in the middle of whatever is going on. */
  powerOff(): void {
    this.#halt("off");
    this.pn532.powerOff();
    this.display?.powerOff();
    this.flash.powerOff();
  }

  /** The reset button, `restart()` or the watchdog: the chips around keep their power. */
  restart(reason: BootReason): void {
    this.#halt(reason);
    this.world.after(RESET_US, () => this.powerOn(reason));
  }

  #halt(why: string): void {
    if (this.#gate === undefined) return;
    this.world.record("power", `halt ${why}`);
    this.#gate.cut();
    this.#gate = undefined;
    this.#reader = undefined;
    this.#unconfigured = undefined;
    this.pins.releaseAll();
    for (const listener of this.#onPower) listener(false);
  }

  #startStored(platform: Platform, provisioning: Provisioning): void {
    try {
      this.#start(platform, storedConfig(provisioning, parseReaderConfig));
    } catch (error) {
      const reason = toLatchkeyError(error);
      const options = { provisioning, product: "reader", board: this.#options.config, reason };
      this.world.task(0, () => {
        this.#unconfigured = startUnconfigured(platform, options);
      });
    }
  }

  #start(platform: Platform, config: ReaderConfig): void {
    // The program runs as a task: only the node's event loop may spend time.
    this.world.task(0, () => {
      const reader = startReader(platform, config);
      this.#reader = reader;
      for (const listener of this.#onBoot) listener(reader);
    });
  }
}

/** A cut that was planned for one of its operations takes the whole board with it. */
function makeFlash(board: ReaderBoard, image: Uint8Array | undefined): FlashModel {
  const { world } = board;
  const onCut = (): void => board.powerOff();
  const rng = world.rng("flash");
  return new FlashModel({ rng, world, onCut, ...(image === undefined ? {} : { image }) });
}

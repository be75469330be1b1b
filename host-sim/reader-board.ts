import { parseReaderConfig, type ReaderConfig } from "../firmware/config.ts";
import type { Platform } from "../firmware/platform.ts";
import type { Provisioning } from "../firmware/provisioning/provisioning.ts";
import {
  startUnconfigured,
  storedConfig,
  type UnconfiguredHandle,
} from "../firmware/provisioning/unconfigured-node.ts";
import { type ReaderHandle, startReader } from "../firmware/reader/reader.ts";
import { toLatchkeyError } from "../protocol/errors.ts";
import { I2CBus } from "./board/i2c-bus.ts";
import { RelayRecorder } from "./board/relay-recorder.ts";
import { NfcField } from "./nfc/field.ts";
import { NodeBoard, type NodeBoardOptions } from "./node-board.ts";
import type { Pn532Behaviour } from "./pn532/behaviour.ts";
import { Pn532 } from "./pn532/pn532.ts";

export interface ReaderBoardOptions extends NodeBoardOptions {
  readonly config: ReaderConfig;
  readonly pn532?: Partial<Pn532Behaviour>;
  /**
   * Where the node's configuration comes from, as on a real board. Without it the program has
   * `config`, which tells of the wires in any case.
   */
  readonly provisioning?: Provisioning;
}

/** A complete badge reader on the desk: a node with PN532 and relay, and perhaps sensors. */
export class ReaderBoard extends NodeBoard<ReaderHandle> {
  readonly field: NfcField;
  readonly nfcBus: I2CBus;
  readonly pn532: Pn532;
  readonly relay: RelayRecorder;
  readonly #config: ReaderConfig;
  #detachPn532: (() => void) | undefined;
  readonly #provisioning: Provisioning | undefined;
  #unconfigured: UnconfiguredHandle | undefined;

  constructor({ config, provisioning, ...options }: ReaderBoardOptions) {
    super(options, config);
    this.#config = config;
    this.#provisioning = provisioning;
    const { world, pins } = this;
    const { nfc, relay } = config;
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
    const relayPin = pins.pin(relay.pin);
    this.relay = new RelayRecorder({ world, pin: relayPin, activeLow: !relay.activeHigh });
  }

  get stage(): string {
    return this.handle?.state.stage ?? "off";
  }

  /** The running firmware; absent without power. */
  get reader(): ReaderHandle | undefined {
    return this.handle;
  }

  /** The program that waits for a configuration, while it runs. */
  get unconfigured(): UnconfiguredHandle | undefined {
    return this.#unconfigured;
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

  protected chipsOn(): void {
    this.pn532.powerOn();
  }

  protected chipsOff(): void {
    this.pn532.powerOff();
  }

  protected override halted(): void {
    this.#unconfigured = undefined;
  }

  protected ownBuses(): readonly I2CBus[] {
    return [this.nfcBus];
  }

  protected start(platform: Platform): ReaderHandle | undefined {
    const provisioning = this.#provisioning;
    if (provisioning === undefined) return startReader(platform, this.#config);
    try {
      const config = storedConfig(provisioning, parseReaderConfig);
      return startReader({ ...platform, provisioning }, config);
    } catch (error) {
      const reason = toLatchkeyError(error);
      const options = { provisioning, product: "reader", board: this.#config, reason };
      this.#unconfigured = startUnconfigured(platform, options);
      return undefined;
    }
  }

  protected follow(handle: ReaderHandle, listener: () => void): void {
    handle.onState(listener);
  }
}

import type { ReaderConfig } from "../firmware/config.ts";
import type { Platform } from "../firmware/platform.ts";
import { type ReaderHandle, startReader } from "../firmware/reader/reader.ts";
import { I2CBus } from "./board/i2c-bus.ts";
import { RelayRecorder } from "./board/relay-recorder.ts";
import { NfcField } from "./nfc/field.ts";
import { NodeBoard, type NodeBoardOptions } from "./node-board.ts";
import type { Pn532Behaviour } from "./pn532/behaviour.ts";
import { Pn532 } from "./pn532/pn532.ts";

export interface ReaderBoardOptions extends NodeBoardOptions {
  readonly config: ReaderConfig;
  readonly pn532?: Partial<Pn532Behaviour>;
}

/** A complete badge reader on the desk: a node with PN532 and relay, and perhaps sensors. */
export class ReaderBoard extends NodeBoard<ReaderHandle> {
  readonly field: NfcField;
  readonly nfcBus: I2CBus;
  readonly pn532: Pn532;
  readonly relay: RelayRecorder;
  readonly #config: ReaderConfig;
  #detachPn532: (() => void) | undefined;

  constructor({ config, ...options }: ReaderBoardOptions) {
    super(options, config);
    this.#config = config;
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

  protected ownBuses(): readonly I2CBus[] {
    return [this.nfcBus];
  }

  protected start(platform: Platform): ReaderHandle {
    return startReader(platform, this.#config);
  }

  protected follow(handle: ReaderHandle, listener: () => void): void {
    handle.onState(listener);
  }
}

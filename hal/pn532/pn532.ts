import { concat } from "../../protocol/encoding/bytes.ts";
import { isLatchkeyError, LatchkeyError } from "../../protocol/errors.ts";
import type { Digital } from "../ecma419.ts";
import { Deadline, delay, type Timing } from "../timing.ts";
import type { FrameChannel } from "./channel.ts";
import { CommandQueue } from "./command-queue.ts";
import {
  COMMAND,
  DIAGNOSE,
  type FirmwareVersion,
  PARAMETERS_AUTO,
  parseFirmwareVersion,
  parseTargets,
  RF_ITEM,
  type Target,
} from "./commands.ts";
import { CARD_LIMIT_MS, checkStatus, exchangeData, type RunCommand } from "./data-exchange.ts";
import { HsuChannel } from "./hsu-channel.ts";
import { I2CChannel } from "./i2c-channel.ts";
import { Pn532Link } from "./link.ts";
import type { DataExchangeOptions, ListOptions, PN532Options } from "./options.ts";
import { STATUS_ERROR_MASK } from "./status.ts";

export type * from "./options.ts";

/** RSTPD_N low time. The data sheet wants microseconds; a capacitor on the line wants more. */
const RESET_LOW_MS = 2;
/** From the rising RSTPD_N to the first command that is acknowledged, at the most. */
const START_LIMIT_MS = 500;
const REPLY_LIMIT_MS = 100;
const RETRY_FOR_EVER = 0xff;
/** A block damaged on the air is repeated by the chip: cheaper than a failed tap. Default 0. */
const AIR_RETRIES = 2;
const LIST_LIMIT_MS = 2_000;
/** NTAG 424 DNA as a single target: NbTg, Tg, SENS_RES, SEL_RES, 7-byte UID, 6-byte ATS. */
const LIST_REPLY_BYTES = 19;

/**
 * The PN532 NFC controller on I²C, or on a serial line (HSU: then `serial` instead of `i2c`).
 *
 * ```
 *   Pico 2 W            PN532 module (switches: I2C)
 *   3V3  ───────────────  VCC
 *   GND  ───────────────  GND
 *   SDA  ───────────────  SDA      a block of its own, 100 kHz, pull-ups 2.2-4.7 kΩ
 *   SCL  ───────────────  SCL
 *   GPIO (input)  ──────  IRQ      optional: no polling
 *   GPIO (output) ──────  RSTPD_N  optional: recovery without power cycle
 * ```
 * Every method waits without blocking the event loop, has a limit, and rejects with a
 * `LatchkeyError`. Commands are carried out one after the other in the order of the calls.
 *
 * @example
 * const pn532 = new PN532({ i2c: { io: I2C, data: 4, clock: 5 }, clock, timer });
 * await pn532.open();
 * const [card] = await pn532.inListPassiveTarget();
 */
export class PN532 {
  readonly #timing: Timing;
  readonly #channel: FrameChannel;
  readonly #link: Pn532Link;
  readonly #hasIrq: boolean;
  readonly #reset: Digital | undefined;
  readonly #retries: number;
  readonly #queue = new CommandQueue();
  #closed = false;
  #firmware: FirmwareVersion | undefined;

  constructor(options: PN532Options) {
    const { reset, log } = options;
    this.#timing = { clock: options.clock, timer: options.timer };
    this.#retries = options.activationRetries ?? 1;
    this.#hasIrq = options.i2c !== undefined && options.irq !== undefined;
    this.#channel =
      options.serial === undefined
        ? new I2CChannel(options, this.#timing, log)
        : new HsuChannel(options, this.#timing);
    try {
      // On the Pico a new output is low: from here on the chip is held in reset, until open().
      if (reset !== undefined)
        this.#reset = new reset.io({ pin: reset.pin, mode: reset.io.Output });
    } catch (error) {
      this.#channel.close();
      throw error;
    }
    this.#link = new Pn532Link(this.#channel, this.#timing);
  }

  /** Whether IRQ announces frames; false too when the line proved to be broken. */
  get usesIrq(): boolean {
    return this.#channel.usesIrq;
  }

  /** What {@link open} found, or `undefined` before. */
  get firmware(): FirmwareVersion | undefined {
    return this.#firmware;
  }

  /**
   * Resets the chip if it can, ends whatever it was doing, and configures it.
   * @throws pn532-unsupported, pn532-dead, bus-nack, bus-stuck, pn532-no-ack, pn532-timeout …
   */
  open(): Promise<FirmwareVersion> {
    return this.#exclusive(() => this.#start());
  }

  getFirmwareVersion(): Promise<FirmwareVersion> {
    return this.#exclusive(() => this.#readFirmwareVersion());
  }

  /** Normal mode: no SAM. Also what wakes the chip from its low-battery mode at power-up. */
  samConfiguration(): Promise<void> {
    return this.#exclusive(() => this.#configureSam());
  }

  /** Sets one item of the RF configuration (UM0701-02 §7.3.1). */
  rfConfiguration(item: number, data: Uint8Array): Promise<void> {
    return this.#exclusive(() => this.#configureRf(item, data));
  }

  /** Switches the antenna on or off; off takes the power from every card. */
  setField(on: boolean): Promise<void> {
    return this.rfConfiguration(RF_ITEM.field, new Uint8Array([on ? 1 : 0]));
  }

  setParameters(flags: number): Promise<void> {
    return this.#exclusive(async () => {
      await this.#run("SetParameters", new Uint8Array([flags]), 0);
    });
  }

  /**
   * One of {@link DIAGNOSE}. Gives back the result bytes: the echo for the communication test,
   * one status byte for the others. `DIAGNOSE.presence` asks an ISO-DEP card for a sign of life
   * without disturbing it.
   */
  diagnose(test: number, data: Uint8Array = new Uint8Array(0)): Promise<Uint8Array> {
    const body = concat(new Uint8Array([test]), data);
    const replyBytes = test === DIAGNOSE.communication ? body.length : 1;
    return this.#exclusive(() =>
      this.#run("Diagnose", body, replyBytes, { timeoutMs: CARD_LIMIT_MS }),
    );
  }

  /** Whether the ISO-DEP card that was listed still answers. */
  async isPresent(): Promise<boolean> {
    const reply = await this.diagnose(DIAGNOSE.presence);
    return reply.length > 0 && (reply[0]! & STATUS_ERROR_MASK) === 0;
  }

  /**
   * Looks for type A cards at 106 kbit/s, selects them and sends RATS. An empty list means that
   * nobody answered within the configured retries (or `timeoutMs`, when those are endless).
   * @throws cancelled after {@link abort}; pn532-timeout
   */
  inListPassiveTarget(options: ListOptions = {}): Promise<Target[]> {
    return this.#exclusive(() => this.#list(options));
  }

  async #list({ maxTargets = 1, timeoutMs = LIST_LIMIT_MS }: ListOptions): Promise<Target[]> {
    const body = new Uint8Array(2); // the second byte: type A, 106 kbit/s
    body[0] = maxTargets;
    try {
      const limit = { timeoutMs };
      return parseTargets(await this.#run("InListPassiveTarget", body, LIST_REPLY_BYTES, limit));
    } catch (error) {
      // Told to look for ever, the chip was right not to answer; the abort has ended it.
      if (this.#retries === RETRY_FOR_EVER && isLatchkeyError(error, "pn532-timeout")) return [];
      throw error;
    }
  }

  /**
   * Sends `data` to target `tg` and gives back its answer; over ISO-DEP both are APDUs. What
   * does not fit one frame is chained in both directions.
   * @throws pn532-status with the chip's status byte; see `status.ts`
   */
  inDataExchange(
    tg: number,
    data: Uint8Array,
    options: DataExchangeOptions = {},
  ): Promise<Uint8Array> {
    return this.#exclusive(() => exchangeData(this.#run, tg, data, options));
  }

  /** Lets go of a target, or of all with `tg` 0. @throws pn532-status */
  inRelease(tg = 0): Promise<void> {
    return this.#exclusive(async () => {
      const reply = await this.#run("InRelease", new Uint8Array([tg]), 1);
      checkStatus("InRelease", reply);
    });
  }

  /** Ends the command under way, which then rejects with `cancelled`. */
  abort(): void {
    this.#link.cancel();
  }

  /**
   * For a chip that stopped answering: frees the bus, pulses RSTPD_N, starts again. All targets
   * are lost.
   * @throws bus-stuck, pn532-dead
   */
  recover(): Promise<void> {
    this.#link.cancel();
    return this.#exclusive(async () => {
      // A chip in reset lets go of its lines, so that only others can still hold them.
      this.#channel.recover(() => this.#reset?.write(0));
      try {
        await this.#start();
      } catch (error) {
        throw new LatchkeyError("pn532-dead", { cause: error });
      }
    });
  }

  /** Field off, running command aborted, pins freed. Never rejects. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#link.cancel();
    await this.#queue
      .add(async () => {
        await this.#configureRf(RF_ITEM.field, new Uint8Array([0]));
        await this.#channel.abort();
      })
      .catch(() => undefined);
    this.#channel.close();
    this.#reset?.close();
  }

  async #start(): Promise<FirmwareVersion> {
    await this.#pulseReset();
    await this.#wakeUp();
    const firmware = await this.#readFirmwareVersion();
    if (firmware.ic !== 0x32) {
      throw new LatchkeyError("pn532-unsupported", { detail: { ic: firmware.ic } });
    }
    await this.#run("SetParameters", new Uint8Array([PARAMETERS_AUTO]), 0);
    await this.#configureRf(RF_ITEM.exchangeRetries, new Uint8Array([AIR_RETRIES]));
    await this.#configureRf(RF_ITEM.maxRetries, new Uint8Array([0xff, 0x01, this.#retries]));
    this.#firmware = firmware;
    return firmware;
  }

  async #pulseReset(): Promise<void> {
    if (this.#reset === undefined) return;
    this.#reset.write(0);
    await delay(this.#timing.timer, RESET_LOW_MS);
    this.#reset.write(1);
  }

  /**
   * The abort wakes a chip asleep, ends what a chip awake was doing and, where the address tells,
   * waits for it to boot. Where nothing tells, one is as deaf as the other: try until it hears.
   */
  async #wakeUp(): Promise<void> {
    const deadline = new Deadline(this.#timing.clock, START_LIMIT_MS);
    for (;;) {
      await this.#channel.abort(deadline.leftMs);
      try {
        return await this.#configureSam();
      } catch (error) {
        if (deadline.passed || !isLatchkeyError(error, "pn532-no-ack")) throw error;
      }
    }
  }

  async #readFirmwareVersion(): Promise<FirmwareVersion> {
    return parseFirmwareVersion(await this.#run("GetFirmwareVersion", new Uint8Array(0), 4));
  }

  async #configureSam(): Promise<void> {
    // Without IRQ the short form that libnfc uses; with it: no timeout, P70_IRQ driven.
    const body = this.#hasIrq ? [0x01, 0x00, 0x01] : [0x01];
    await this.#run("SAMConfiguration", new Uint8Array(body), 0);
  }

  async #configureRf(item: number, data: Uint8Array): Promise<void> {
    await this.#run("RFConfiguration", concat(new Uint8Array([item]), data), 0);
  }

  readonly #run: RunCommand = (name, data, replyBytes, options = {}) => {
    const { timeoutMs = REPLY_LIMIT_MS, repeatable = true } = options;
    return this.#link.exchange(COMMAND[name], data, { timeoutMs, repeatable, replyBytes });
  };

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    return this.#queue.add(() => {
      if (this.#closed) throw new LatchkeyError("cancelled");
      return work();
    });
  }
}

import { isLatchkeyError, LatchkeyError } from "../../protocol/errors.ts";
import type { Clock, Log, Timer } from "../../protocol/platform.ts";
import type { Digital, DigitalConstructor, I2CConstructor } from "../ecma419.ts";
import { recoverBus } from "../i2c-recovery.ts";
import { delay, type Timing } from "../timing.ts";
import {
  COMMAND,
  type CommandName,
  DIAGNOSE,
  EXCHANGE_DATA_MAX,
  type FirmwareVersion,
  PARAMETERS_AUTO,
  parseFirmwareVersion,
  parseTargets,
  RF_ITEM,
  type Target,
} from "./commands.ts";
import { damaged } from "./frame.ts";
import { I2CPort } from "./i2c-port.ts";
import { type ExchangeOptions, Pn532Link } from "./link.ts";
import { ReadyLine } from "./ready-line.ts";
import { STATUS_ERROR_MASK, STATUS_MORE, statusError } from "./status.ts";

export interface PN532Options {
  readonly i2c: {
    readonly io: I2CConstructor;
    readonly data: number;
    readonly clock: number;
    /** Bus speed; 100 kHz unless told. */
    readonly hz?: number;
    /** 0x24 unless told. */
    readonly address?: number;
    readonly port?: number;
    /** Handed to the I/O class as it is: the limit of one transfer. */
    readonly timeout?: number;
  };
  /** RSTPD_N: without it a wedged chip needs a power cycle. */
  readonly reset?: { readonly io: DigitalConstructor; readonly pin: number };
  /** IRQ: without it the driver polls. */
  readonly irq?: { readonly io: DigitalConstructor; readonly pin: number };
  /** Digital class for the bus pins: without it a stuck bus stays stuck. */
  readonly recovery?: { readonly io: DigitalConstructor };
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log?: Log;
  /**
   * Least pause between two transfers in ms. The I²C specification asks for 4.7 µs, which any
   * JavaScript exceeds: 0 unless told. libnfc waits 5 ms (`PN532_BUS_FREE_TIME`); try that with
   * a module that stops answering.
   */
  readonly busFreeMs?: number;
  /**
   * Attempts of InListPassiveTarget to find a card after the first (MxRtyPassiveActivation), of
   * about 150 ms each; 1 unless told. 0xFF is for ever: the chip then looks by itself, which is
   * good with IRQ and `maxTargets` 1, but a chip told to find two may wait for ever for the second.
   */
  readonly activationRetries?: number;
}

export interface ListOptions {
  /** 1 or 2; 1 unless told. */
  readonly maxTargets?: 1 | 2;
  readonly timeoutMs?: number;
}

export interface DataExchangeOptions {
  /** Length of the card's answer if it is known: saves bytes on the bus. */
  readonly expectBytes?: number;
  readonly timeoutMs?: number;
}

/** RSTPD_N low time. The data sheet wants microseconds; a capacitor on the line wants more. */
const RESET_LOW_MS = 2;
/** From the rising RSTPD_N to the first acknowledged address, at the most. */
const START_LIMIT_MS = 500;
const REPLY_LIMIT_MS = 100;
const RETRY_FOR_EVER = 0xff;
/** A block damaged on the air is repeated by the chip: cheaper than a failed tap. Default 0. */
const AIR_RETRIES = 2;
/** Upper bound for one block exchange with waiting time extensions; the chip gives up earlier. */
const CARD_LIMIT_MS = 2_000;
const LIST_LIMIT_MS = 2_000;
/** NTAG 424 DNA as a single target: NbTg, Tg, SENS_RES, SEL_RES, 7-byte UID, 6-byte ATS. */
const LIST_REPLY_BYTES = 19;
/** Covers status words and short answers; a longer one costs a NACK and a second read. */
const UNKNOWN_ANSWER_BYTES = 16;
/** A card that never stops sending (MI) must not fill the memory. */
const CHAINED_ANSWER_MAX = 4_096;

/**
 * The PN532 NFC controller on I²C.
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
  readonly #options: PN532Options;
  readonly #timing: Timing;
  readonly #port: I2CPort;
  readonly #link: Pn532Link;
  readonly #irq: ReadyLine | undefined;
  readonly #reset: Digital | undefined;
  readonly #retries: number;
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;
  #firmware: FirmwareVersion | undefined;

  constructor(options: PN532Options) {
    const { i2c, clock, timer, reset, irq } = options;
    this.#options = options;
    this.#timing = { clock, timer };
    this.#retries = options.activationRetries ?? 1;
    this.#port = new I2CPort(
      { hz: 100_000, address: 0x24, busFreeMs: options.busFreeMs ?? 0, ...i2c },
      this.#timing,
    );
    try {
      // On the Pico a new output is low: from here on the chip is held in reset, until open().
      if (reset !== undefined)
        this.#reset = new reset.io({ pin: reset.pin, mode: reset.io.Output });
      if (irq !== undefined) this.#irq = new ReadyLine(irq, this.#timing);
    } catch (error) {
      this.#reset?.close();
      this.#port.close();
      throw error;
    }
    this.#link = new Pn532Link(this.#port, this.#timing, this.#irq, options.log);
  }

  /** Whether frames are announced by IRQ; false as well when the line proved to be broken. */
  get usesIrq(): boolean {
    return this.#link.usesIrq;
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
    const body = new Uint8Array(1 + data.length);
    body[0] = test;
    body.set(data, 1);
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
    const { maxTargets = 1, timeoutMs = LIST_LIMIT_MS } = options;
    return this.#exclusive(async () => {
      const body = new Uint8Array([maxTargets, 0x00]);
      try {
        const options = { timeoutMs };
        return parseTargets(
          await this.#run("InListPassiveTarget", body, LIST_REPLY_BYTES, options),
        );
      } catch (error) {
        // Told to look for ever, the chip was right not to answer; the abort has ended it.
        if (this.#retries === RETRY_FOR_EVER && isLatchkeyError(error, "pn532-timeout")) return [];
        throw error;
      }
    });
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
    return this.#exclusive(() => this.#exchangeData(tg, data, options));
  }

  /** Lets go of a target, or of all with `tg` 0. @throws pn532-status */
  inRelease(tg = 0): Promise<void> {
    return this.#exclusive(async () => {
      const reply = await this.#run("InRelease", new Uint8Array([tg]), 1);
      checkStatus("InRelease", reply);
    });
  }

  /** Ends the command under way, which then rejects with `cancelled`. Does nothing when idle. */
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
      this.#freeBus();
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
    const ending = this.#enqueue(async () => {
      await this.#configureRf(RF_ITEM.field, new Uint8Array([0]));
      await this.#link.abortNow();
    });
    await ending.catch(() => undefined);
    this.#irq?.close();
    this.#reset?.close();
    this.#port.close();
  }

  async #start(): Promise<FirmwareVersion> {
    await this.#pulseReset();
    // The abort wakes a chip asleep, ends what a chip awake was doing, and waits for it to boot.
    await this.#link.abortNow(START_LIMIT_MS);
    await this.#configureSam();
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

  #freeBus(): void {
    const { recovery, i2c } = this.#options;
    if (recovery === undefined) return;
    // A chip in reset lets go of both lines, so that only others can still hold them.
    this.#reset?.write(0);
    this.#port.close();
    try {
      recoverBus({ io: recovery.io, data: i2c.data, clock: i2c.clock });
    } finally {
      this.#port.open();
    }
  }

  async #readFirmwareVersion(): Promise<FirmwareVersion> {
    return parseFirmwareVersion(await this.#run("GetFirmwareVersion", new Uint8Array(0), 4));
  }

  async #configureSam(): Promise<void> {
    // Without IRQ the short form that libnfc uses; with it: no timeout, P70_IRQ driven.
    const body = this.#irq === undefined ? [0x01] : [0x01, 0x00, 0x01];
    await this.#run("SAMConfiguration", new Uint8Array(body), 0);
  }

  async #configureRf(item: number, data: Uint8Array): Promise<void> {
    const body = new Uint8Array(1 + data.length);
    body[0] = item;
    body.set(data, 1);
    await this.#run("RFConfiguration", body, 0);
  }

  async #exchangeData(
    tg: number,
    data: Uint8Array,
    options: DataExchangeOptions,
  ): Promise<Uint8Array> {
    let at = 0;
    for (; data.length - at > EXCHANGE_DATA_MAX; at += EXCHANGE_DATA_MAX) {
      await this.#exchangeBlock(tg | STATUS_MORE, data.subarray(at, at + EXCHANGE_DATA_MAX), 0);
    }
    const expect = options.expectBytes ?? UNKNOWN_ANSWER_BYTES;
    let block = await this.#exchangeBlock(tg, data.subarray(at), expect, options.timeoutMs);
    if (!block.more) return block.data;
    const blocks = [block.data];
    let total = block.data.length;
    while (block.more) {
      // Only the target number asks for the next part (§7.3.8).
      block = await this.#exchangeBlock(
        tg,
        new Uint8Array(0),
        EXCHANGE_DATA_MAX,
        options.timeoutMs,
      );
      total += block.data.length;
      if (total > CHAINED_ANSWER_MAX || (block.more && block.data.length === 0))
        throw new LatchkeyError("card-protocol", { message: "the card's answer does not end" });
      blocks.push(block.data);
    }
    return join(blocks, total);
  }

  async #exchangeBlock(
    tg: number,
    data: Uint8Array,
    expectBytes: number,
    timeoutMs = CARD_LIMIT_MS,
  ): Promise<{ data: Uint8Array; more: boolean }> {
    const body = new Uint8Array(1 + data.length);
    body[0] = tg;
    body.set(data, 1);
    const expect = Math.min(expectBytes, EXCHANGE_DATA_MAX) + 1;
    const options = { timeoutMs, repeatable: false };
    const reply = await this.#run("InDataExchange", body, expect, options);
    const status = checkStatus("InDataExchange", reply);
    return { data: reply.subarray(1), more: (status & STATUS_MORE) !== 0 };
  }

  #run(
    name: CommandName,
    data: Uint8Array,
    replyBytes: number,
    options: Partial<ExchangeOptions> = {},
  ): Promise<Uint8Array> {
    return this.#link.exchange(COMMAND[name], data, {
      timeoutMs: REPLY_LIMIT_MS,
      ...options,
      replyBytes,
    });
  }

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    return this.#enqueue(() => {
      if (this.#closed) throw new LatchkeyError("cancelled");
      return work();
    });
  }

  /** One after the other; a failure does not stop those behind it. */
  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }
}

/** The status byte that a reply begins with. @throws pn532-status, pn532-frame */
function checkStatus(command: CommandName, reply: Uint8Array): number {
  const status = reply[0];
  if (status === undefined) throw damaged(`${command}: no status`);
  if ((status & STATUS_ERROR_MASK) !== 0) throw statusError(status, command);
  return status;
}

function join(blocks: readonly Uint8Array[], total: number): Uint8Array {
  const out = new Uint8Array(total);
  let at = 0;
  for (const block of blocks) {
    out.set(block, at);
    at += block.length;
  }
  return out;
}

import { LatchkeyError } from "../../protocol/errors.ts";
import { Deadline, delay, Pause, type Timing } from "../timing.ts";
import { type SensorSerial, SerialPort } from "./serial-port.ts";

/** The least pause between two requests: the meters measure no faster, and miss some else. */
const PAUSE_MS = 200;
/** When an answer must have begun: the meters begin within some tens of ms. */
const ANSWER_LIMIT_MS = 300;
/**
 * After so long without a byte an answer is over. The protocol's own 3.5 characters (4 ms at
 * 9600) are shorter than what a UART's FIFO holds back.
 */
const QUIET_MS = 25;
/** More than any answer, with an echo before it and another's behind it. */
const ANSWER_BYTES_MAX = 96;

/**
 * A serial line with Modbus RTU devices: one request after the other, and for each all that came
 * back. Several drivers may share one.
 */
export class ModbusLine {
  readonly #timing: Timing;
  readonly #pause: Pause;
  readonly #port: SerialPort;
  #received: number[] = [];
  #queue: Promise<unknown> = Promise.resolve();
  #lastMs: number | undefined;
  #lastByteMs = 0;
  #closed = false;

  /** 9600 baud unless told. */
  constructor(serial: SensorSerial, timing: Timing) {
    this.#timing = timing;
    this.#pause = new Pause(timing.timer);
    this.#port = new SerialPort(serial, timing, (bytes) => {
      this.#lastByteMs = timing.clock.monotonicMs();
      for (const byte of bytes) {
        if (this.#received.length < ANSWER_BYTES_MAX) this.#received.push(byte);
      }
      this.#pause.end();
    });
  }

  /**
   * Sends `request`, and gives what came until the line was quiet: nothing, an answer, several
   * on top of each other. @throws serial-lost, cancelled
   */
  exchange(request: Uint8Array): Promise<Uint8Array> {
    const result = this.#queue.then(() => this.#exchange(request));
    this.#queue = result.catch(() => {});
    return result;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#port.close();
    this.#pause.end();
  }

  async #exchange(request: Uint8Array): Promise<Uint8Array> {
    const { clock, timer } = this.#timing;
    if (this.#lastMs !== undefined) {
      const leftMs = this.#lastMs + PAUSE_MS - clock.monotonicMs();
      if (leftMs > 0) await delay(timer, leftMs);
    }
    this.#assertOpen();
    // What comes late belongs to nobody any more.
    this.#port.poll();
    this.#received = [];
    await this.#port.write(request);
    const begin = new Deadline(clock, ANSWER_LIMIT_MS);
    for (;;) {
      const leftMs = this.#hasBegun(request) ? this.#quietLeftMs : begin.leftMs;
      if (leftMs <= 0 && !this.#moreWaits()) break;
      await this.#pause.start(leftMs);
      this.#assertOpen();
    }
    this.#lastMs = clock.monotonicMs();
    return Uint8Array.from(this.#received);
  }

  /** Whether something came that is not merely what was sent, which some lines give back. */
  #hasBegun(request: Uint8Array): boolean {
    const received = this.#received;
    return received.length > request.length || received.some((byte, i) => byte !== request[i]);
  }

  /** A busy program sees its timers and its bytes late: bytes count first. */
  #moreWaits(): boolean {
    const before = this.#received.length;
    this.#port.poll();
    return this.#received.length > before;
  }

  get #quietLeftMs(): number {
    return this.#lastByteMs + QUIET_MS - this.#timing.clock.monotonicMs();
  }

  #assertOpen(): void {
    if (this.#closed) throw new LatchkeyError("cancelled");
  }
}

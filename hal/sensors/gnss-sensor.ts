import { LatchkeyError, toLatchkeyError } from "../../protocol/errors.ts";
import type { Log } from "../../protocol/platform.ts";
import { type GnssOptions, GnssReceiver, type ReceiverAnswer } from "./gnss-receiver.ts";
import type { Fix } from "./nmea/fix-builder.ts";
import type { Sensor } from "./sensor.ts";

export interface GnssSensorOptions extends GnssOptions {
  /** Told when the receiver cannot be configured, which does not keep it from working. */
  readonly log?: Log;
}

/** One command of a receiver's configuration. */
export interface SetupStep {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** What an answer says about it: "done", why it was refused, or `undefined`: nothing. */
  verdict(answer: ReceiverAnswer): string | undefined;
}

/** The sentences that are used; all others only fill the line. */
export const WANTED_SENTENCES = Object.freeze(["RMC", "GGA", "GSA"]);

/** The answer may stand in line behind a whole second's sentences. */
const ANSWER_LIMIT_MS = 1500;
const ATTEMPTS = 3;
/** A moment of GGA, RMC and GSA, each as long as it gets (82 characters). */
const MOMENT_BYTES = 3 * 82;
/** 8N1. */
const BITS_PER_BYTE = 10;

/**
 * A receiver of positions (GPS and its relatives) as a sensor. What it must be told is the
 * `setup` of its driver; it works without as well, at the factory's once a second, so that a
 * module of which only TX is wired does.
 *
 * A receiver forgets its configuration with its supply. Sentences that were switched off and
 * come again show that; the next `measure` configures it anew.
 */
export class GnssSensor implements Sensor<Fix> {
  readonly #receiver: GnssReceiver;
  readonly #setup: readonly SetupStep[];
  readonly #log: Log | undefined;
  #configured = false;
  #gaveUp = false;
  #busy = false;

  constructor(options: GnssSensorOptions, setup: (periodMs: number) => readonly SetupStep[]) {
    const { periodMs = 1000, sensor, log } = options;
    const lineMs = (MOMENT_BYTES * BITS_PER_BYTE * 1000) / (sensor.baud ?? 9600);
    if (!(periodMs >= lineMs && periodMs <= 10_000)) {
      throw new RangeError(`periodMs: ${periodMs} is not ${Math.ceil(lineMs)}-10000 at this baud`);
    }
    this.#setup = setup(periodMs);
    this.#log = log;
    this.#receiver = new GnssReceiver(options);
  }

  /**
   * Tells the receiver how often to measure and which sentences to send, and waits until it
   * agrees. @throws sensor-timeout when it does not answer, sensor-refused, busy
   */
  configure(): Promise<void> {
    return this.#alone(() => this.#configure());
  }

  /** Whether the receiver has agreed to its configuration and kept it. */
  get configured(): boolean {
    if (!this.#configured) return false;
    return this.#receiver.types.every((type) => WANTED_SENTENCES.includes(type));
  }

  /**
   * The last position while it is fresh; `undefined` while it is too early to say more.
   * @throws sensor-no-fix, sensor-absent, sensor-timeout, sensor-baud-rate, sensor-checksum
   */
  sample(): Fix | undefined {
    return this.#receiver.sample();
  }

  /** The next position that arrives. @throws as `sample`; busy */
  measure(): Promise<Fix> {
    return this.#alone(async () => {
      if (this.#receiver.understood && !this.configured && !this.#gaveUp) {
        await this.#tryConfigure();
      }
      return this.#receiver.measure();
    });
  }

  close(): void {
    this.#receiver.close();
  }

  async #tryConfigure(): Promise<void> {
    try {
      await this.#configure();
    } catch (error) {
      // It gives positions all the same; asking for ever would only keep them waiting.
      this.#gaveUp = true;
      const { code, message } = toLatchkeyError(error);
      this.#log?.write("warn", "receiver-not-configured", { code, reason: message });
    }
  }

  async #configure(): Promise<void> {
    this.#configured = false;
    for (const step of this.#setup) await this.#perform(step);
    this.#receiver.clearTypes();
    this.#configured = true;
    this.#gaveUp = false;
  }

  async #perform({ name, bytes, verdict }: SetupStep): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const said = await this.#receiver.ask(bytes, verdict, ANSWER_LIMIT_MS);
      if (said === "done") return;
      if (said === undefined) continue;
      throw new LatchkeyError("sensor-refused", {
        message: `The receiver refuses ${name}: ${said}.`,
        detail: { command: name, reason: said },
      });
    }
    throw new LatchkeyError("sensor-timeout", {
      message: `The receiver does not answer ${name}: check the wire to its RX.`,
      detail: { command: name },
    });
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    if (this.#busy) throw new LatchkeyError("busy");
    this.#busy = true;
    try {
      return await work();
    } finally {
      this.#busy = false;
    }
  }
}

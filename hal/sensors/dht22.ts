import { LatchkeyError } from "../../protocol/errors.ts";
import type { PulseCapture, PulseCaptureConstructor } from "../pulse-capture.ts";
import { delay, type Timing } from "../timing.ts";
import { type DHT22Reading, DURATIONS, decodePulses, parseFrame } from "./dht22-frame.ts";
import type { Sensor } from "./sensor.ts";

export interface DHT22Options extends Timing {
  readonly sensor: { readonly io: PulseCaptureConstructor; readonly pin: number };
}

/** As ECMA-419 has it for a part that is two sensors. */
export interface DHT22Sample {
  /** °C */
  readonly thermometer: { readonly temperature: number };
  /** Relative, % (as Moddable's drivers of this family). */
  readonly hygrometer: { readonly humidity: number };
}

/** At least 0.8 ms (AM2302 data sheet, T_be); clones want a whole one. */
const START_US = 1_100;
/** The sensor is never silent for longer inside a frame. */
const IDLE_US = 1_000;
/** A frame takes 5 ms; the capture bounds itself, this is for one that is broken. */
const CAPTURE_LIMIT_MS = 100;
/** Between two reads, and between power-up and the first (data sheet: 2 s). */
const PERIOD_MS = 2_000;
/** An answer holds what the read *before* made it measure: after this long it is discarded. */
const STALE_MS = 10_000;

/**
 * The DHT22 (AM2302) thermometer and hygrometer.
 *
 * Each read gives what the sensor measured at the read before. So a measurement that follows none
 * in the last ten seconds reads twice, 2 s apart, and throws the first reading away.
 */
export class DHT22 implements Sensor<DHT22Sample> {
  readonly #timing: Timing;
  readonly #io: PulseCapture;
  /** When the sensor may next be asked. */
  #readyMs: number;
  /** Until then `readyMs` is only the sensor's start-up, which is waited for. */
  #asked = false;
  /** When the last whole reading came, which began the next conversion. */
  #convertedMs: number | undefined;
  #measuring = false;
  #ended: (() => void) | undefined;
  #fresh: DHT22Sample | undefined;

  constructor({ sensor, clock, timer }: DHT22Options) {
    this.#timing = { clock, timer };
    this.#readyMs = clock.monotonicMs() + PERIOD_MS;
    const { io: Io, pin } = sensor;
    this.#io = new Io({
      pin,
      startUs: START_US,
      durationsMax: DURATIONS + 1, // one more than a frame has shows that it is none
      idleUs: IDLE_US,
      onReadable: () => this.#ended?.(),
    });
  }

  /** There is nothing to set. */
  configure(): void {}

  /** What the last `measure` gave, once. */
  sample(): DHT22Sample | undefined {
    const sample = this.#fresh;
    this.#fresh = undefined;
    return sample;
  }

  /**
   * Takes 5 ms, or 2 s when the sensor was not read in the last ten.
   * @throws busy, sensor-too-soon within 2 s of the last one, sensor-absent, sensor-bus,
   * sensor-checksum, sensor-power-on-value, sensor-out-of-range, sensor-timeout
   */
  async measure(): Promise<DHT22Sample> {
    if (this.#measuring) throw new LatchkeyError("busy");
    if (this.#asked && this.#nowMs < this.#readyMs) throw new LatchkeyError("sensor-too-soon");
    this.#measuring = true;
    try {
      if (this.#isStale) {
        await this.#ready();
        await this.#read();
      }
      await this.#ready();
      const { celsius, humidity } = await this.#read();
      this.#fresh = { thermometer: { temperature: celsius }, hygrometer: { humidity } };
      return this.#fresh;
    } catch (error) {
      // Whether the sensor heard that read, and converts, is not known.
      this.#convertedMs = undefined;
      throw error;
    } finally {
      this.#measuring = false;
    }
  }

  close(): void {
    this.#io.close();
    this.#ended?.();
  }

  get #nowMs(): number {
    return this.#timing.clock.monotonicMs();
  }

  get #isStale(): boolean {
    return this.#convertedMs === undefined || this.#nowMs - this.#convertedMs > STALE_MS;
  }

  async #ready(): Promise<void> {
    for (let leftMs = 1; leftMs > 0; ) {
      leftMs = this.#readyMs - this.#nowMs;
      if (leftMs > 0) await delay(this.#timing.timer, leftMs);
    }
  }

  async #read(): Promise<DHT22Reading> {
    const bytes = decodePulses(await this.#capture());
    const reading = parseFrame(bytes);
    this.#convertedMs = this.#nowMs;
    return reading;
  }

  async #capture(): Promise<Uint16Array> {
    const { timer } = this.#timing;
    this.#asked = true;
    const done = new Promise<void>((resolve) => {
      const handle = timer.set(() => this.#ended?.(), CAPTURE_LIMIT_MS);
      this.#ended = () => {
        timer.clear(handle);
        this.#ended = undefined;
        resolve();
      };
    });
    try {
      this.#io.trigger();
    } catch (cause) {
      this.#ended?.();
      throw new LatchkeyError("sensor-bus", { cause });
    }
    await done;
    // From the end: a late event loop must not make the pause shorter for the sensor.
    this.#readyMs = this.#nowMs + PERIOD_MS;
    const durations = this.#io.read();
    if (durations === undefined) throw new LatchkeyError("sensor-timeout");
    return new Uint16Array(durations);
  }
}

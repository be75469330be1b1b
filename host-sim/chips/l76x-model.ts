import { GnssEngine } from "./gnss-engine.ts";
import type { GnssModelOptions } from "./neo6m-model.ts";
import { NmeaWriter, nmeaBytes } from "./nmea-writer.ts";
import { ReceiverUart } from "./receiver-uart.ts";

/** L76 hardware design V3.1 §1.2: autonomous, -130 dBm. */
const COLD_START_US = 35e6;
const HOT_START_US = 1e6;
const BUFFER_BYTES = 2048;
/** Its clock, when nothing has set it: 1980-01-06 00:00:00. */
const UNSET_UNIX = 315_964_800;
/** The order in which it speaks. */
const ORDER = ["GGA", "GSA", "GSV", "RMC", "VTG", "GLL"];
/** PMTK314's first six places (L76 protocol specification). */
const PLACES = ["GLL", "RMC", "VTG", "GGA", "GSA", "GSV"];
const LINE_MAX = 255;

/** Flags of PMTK001. */
const INVALID = 0;
const UNSUPPORTED = 1;
const FAILED = 2;
const DONE = 3;

/**
 * A Quectel L76 from the chip's side: sentences of `GN` with four digits of a minute, a clock
 * that runs from 1980 until it is set, and PMTK commands. Configuration is in RAM.
 */
export class L76xModel {
  readonly engine: GnssEngine;
  readonly uart: ReceiverUart;
  /** Whether RX of the module is wired. */
  hears = true;
  readonly #writer: NmeaWriter;
  #every = new Map<string, number>();
  #moment = 0;
  #input = "";

  constructor(options: GnssModelOptions) {
    const { world, line, unixAtStart, place, baud = 9600 } = options;
    const { coldStartUs = COLD_START_US } = options;
    this.engine = new GnssEngine({
      world,
      unixAtStart,
      place,
      coldStartUs,
      hotStartUs: HOT_START_US,
      onMoment: () => this.#speak(),
    });
    this.#writer = new NmeaWriter(this.engine, {
      talker: "GN",
      minuteDigits: 4,
      secondDigits: 3,
      noDop: "",
      noSatellites: "0",
      unsetUnix: UNSET_UNIX,
    });
    this.uart = new ReceiverUart(world, line, {
      baud,
      bufferBytes: BUFFER_BYTES,
      onBytes: (bytes) => this.#receive(bytes),
    });
  }

  powerOn(): void {
    this.#every = new Map(ORDER.map((type) => [type, 1]));
    this.#input = "";
    this.engine.powerOn();
    this.#say("PMTK010,001");
  }

  powerOff(): void {
    this.engine.powerOff();
  }

  #say(body: string): void {
    this.uart.send(nmeaBytes(body));
  }

  #speak(): void {
    this.#moment++;
    for (const type of ORDER) {
      const every = this.#every.get(type) ?? 0;
      if (every === 0 || this.#moment % every !== 0) continue;
      for (const body of this.#writer.write(type)) this.#say(body);
    }
  }

  #receive(bytes: Uint8Array): void {
    if (!this.engine.powered || !this.hears) return;
    this.#input = (this.#input + String.fromCharCode(...bytes)).slice(-LINE_MAX);
    for (let end = this.#input.indexOf("\r\n"); end >= 0; end = this.#input.indexOf("\r\n")) {
      const line = this.#input.slice(0, end);
      this.#input = this.#input.slice(end + 2);
      const [, body, digits] = /\$(PMTK[^*$]*)\*([0-9A-F]{2})$/.exec(line) ?? [];
      if (body === undefined) continue;
      const expected = String.fromCharCode(...nmeaBytes(body).slice(-4, -2));
      if (expected === digits) this.#obey(body);
    }
  }

  #obey(body: string): void {
    const [address = "", ...values] = body.split(",");
    const command = address.slice(4);
    this.#say(`PMTK001,${command},${this.#configure(command, values.map(Number))}`);
  }

  #configure(command: string, values: readonly number[]): number {
    if (command === "220") {
      const [periodMs = 0] = values;
      if (values.length !== 1 || !Number.isInteger(periodMs)) return INVALID;
      if (periodMs < 100 || periodMs > 10_000) return FAILED;
      this.engine.setPeriod(periodMs * 1000);
      return DONE;
    }
    if (command === "314") {
      if (values.length !== 19 || values.some((value) => !(value >= 0 && value <= 5))) {
        return INVALID;
      }
      this.#every = new Map(PLACES.map((type, place) => [type, values[place]!]));
      return DONE;
    }
    return UNSUPPORTED;
  }
}

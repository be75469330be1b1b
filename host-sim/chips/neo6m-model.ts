import type { SerialLine } from "../board/serial.ts";
import type { World } from "../world/world.ts";
import { GnssEngine, type GnssPlace } from "./gnss-engine.ts";
import { NmeaWriter, nmeaBytes } from "./nmea-writer.ts";
import { ReceiverUart } from "./receiver-uart.ts";

export interface GnssModelOptions {
  readonly world: World;
  readonly line: SerialLine;
  /** The true time at the world's beginning, Unix seconds. */
  readonly unixAtStart: number;
  readonly place: GnssPlace;
  /** What somebody may have set it to; 9600 from the factory. */
  readonly baud?: number;
  /** How long the sky must be seen for the first position; the data sheet's unless told. */
  readonly coldStartUs?: number;
}

/** Data sheet GPS.G6-HW-09005 §1.2: NEO-6M, -130 dBm. */
const COLD_START_US = 27e6;
const HOT_START_US = 1e6;
const BUFFER_BYTES = 1024;

/** From the factory every sentence comes with every measurement (GPS.G6-SW-10018, CFG-MSG). */
const FACTORY: readonly (readonly [number, string])[] = [
  [0x04, "RMC"],
  [0x05, "VTG"],
  [0x00, "GGA"],
  [0x02, "GSA"],
  [0x03, "GSV"],
  [0x01, "GLL"],
];

const SYNC = [0xb5, 0x62];
const CLASS_ACK = 0x05;
const CLASS_CFG = 0x06;
const CFG_MSG = 0x01;
const CFG_RATE = 0x08;
const NMEA_CLASS = 0xf0;

/**
 * A NEO-6M from the chip's side: it searches, finds and loses satellites, sends its sentences at
 * its rate, and takes UBX. Configuration is in RAM and gone with the supply.
 */
export class Neo6mModel {
  readonly engine: GnssEngine;
  readonly uart: ReceiverUart;
  /** Whether RX of the module is wired. */
  hears = true;
  readonly #writer: NmeaWriter;
  #every = new Map<number, number>();
  #moment = 0;
  #input: number[] = [];

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
      talker: "GP",
      minuteDigits: 5,
      secondDigits: 2,
      noDop: "99.99",
      noSatellites: "00",
    });
    this.uart = new ReceiverUart(world, line, {
      baud,
      bufferBytes: BUFFER_BYTES,
      onBytes: (bytes) => this.#receive(bytes),
    });
  }

  powerOn(): void {
    this.#every = new Map(FACTORY.map(([id]) => [id, 1]));
    this.#input = [];
    this.engine.powerOn();
  }

  powerOff(): void {
    this.engine.powerOff();
  }

  /** A UBX message of its own accord, between the sentences. */
  sendUbx(messageClass: number, messageId: number, payload: readonly number[]): void {
    const length = [payload.length & 0xff, payload.length >> 8];
    const body = [messageClass, messageId, ...length, ...payload];
    this.uart.send(Uint8Array.from([...SYNC, ...body, ...fletcher(body)]));
  }

  #speak(): void {
    this.#moment++;
    for (const [id, type] of FACTORY) {
      const every = this.#every.get(id) ?? 0;
      if (every === 0 || this.#moment % every !== 0) continue;
      for (const body of this.#writer.write(type)) this.uart.send(nmeaBytes(body));
    }
  }

  #receive(bytes: Uint8Array): void {
    if (!this.engine.powered || !this.hears) return;
    this.#input.push(...bytes);
    for (;;) {
      const at = this.#input.findIndex((byte, i) => {
        const next = this.#input[i + 1];
        return byte === SYNC[0] && (next === SYNC[1] || next === undefined);
      });
      this.#input.splice(0, at < 0 ? this.#input.length : at);
      if (this.#input.length < 6) return;
      const length = this.#input[4]! + this.#input[5]! * 256;
      if (this.#input.length < length + 8) return;
      const message = this.#input.splice(0, length + 8);
      const body = message.slice(2, -2);
      const [a, b] = fletcher(body);
      if (message.at(-2) === a && message.at(-1) === b) this.#obey(body);
    }
  }

  #obey([messageClass = 0, messageId = 0, , , ...payload]: readonly number[]): void {
    if (messageClass !== CLASS_CFG) return;
    const done = this.#configure(messageId, payload);
    this.sendUbx(CLASS_ACK, done ? 1 : 0, [messageClass, messageId]);
  }

  #configure(messageId: number, payload: readonly number[]): boolean {
    if (messageId === CFG_MSG && payload.length === 3) {
      const [group, id, every] = payload;
      if (group !== NMEA_CLASS || !this.#every.has(id!)) return false;
      this.#every.set(id!, every!);
      return true;
    }
    if (messageId === CFG_RATE && payload.length === 6) {
      const periodMs = payload[0]! + payload[1]! * 256;
      // Five measurements a second are the most (data sheet §1.2).
      if (periodMs < 200) return false;
      this.engine.setPeriod(periodMs * 1000);
      return true;
    }
    return false;
  }
}

function fletcher(body: readonly number[]): [number, number] {
  return body.reduce<[number, number]>(
    ([a, b], byte) => [(a + byte) % 256, (b + a + byte) % 256],
    [0, 0],
  );
}

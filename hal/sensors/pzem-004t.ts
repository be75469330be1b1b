import { withCrc16Modbus } from "../../protocol/encoding/crc16-modbus.ts";
import { LatchkeyError, toLatchkeyError } from "../../protocol/errors.ts";
import type { Timing } from "../timing.ts";
import { judgeAnswer } from "./modbus-answer.ts";
import { ModbusLine } from "./modbus-line.ts";
import { PZEM_REGISTERS, type PZEM004TSample, parsePzemRegisters } from "./pzem-registers.ts";
import { addressName, isOldPzem, OLD_PZEM_QUERY, troubleWith } from "./pzem-trouble.ts";
import type { Sensor } from "./sensor.ts";
import type { SensorSerial } from "./serial-port.ts";

export interface PZEM004TOptions extends Timing {
  /** A serial port of its own, 9600 baud; or `line`, which several meters share. */
  readonly sensor: (SensorSerial | { readonly line: ModbusLine }) & {
    /** 01h-F7h; F8h unless told, to which any meter answers: for one meter alone. */
    readonly address?: number;
  };
}

export type PZEM004TCallback = (error: LatchkeyError | null, sample?: PZEM004TSample) => void;

/** To which every meter answers, whatever its own address is (user manual §2.2). */
const GENERAL_ADDRESS = 0xf8;
const ADDRESS_MAX = 0xf7;
/** Function codes (user manual §2.2). */
const READ_HOLDING = 0x03;
const READ_INPUT = 0x04;
const WRITE_SINGLE = 0x06;
const RESET_ENERGY = 0x42;
/** The holding register with the meter's own address. */
const ADDRESS_REGISTER = 0x0002;
const ATTEMPTS = 3;
/** What 23 kW add in the second after a reset. */
const ENERGY_AFTER_RESET_MAX = 10;

interface Command {
  /** Without the CRC. */
  readonly request: readonly number[];
  readonly answerBytes: number;
}

/**
 * Peacefair PZEM-004T v3: voltage, current, power and energy of one mains phase, by Modbus RTU.
 * The interface is that of Moddable's driver, with `measure` and `setAddress` beside it; see
 * docs/sensors-gps-pzem.md.
 * @example
 * const meter = new PZEM004T({ sensor: { io: Serial, receive: 9, transmit: 8 }, clock, timer });
 * const { voltage, power } = await meter.measure();
 */
export class PZEM004T implements Sensor<PZEM004TSample> {
  readonly #line: ModbusLine;
  readonly #ownsLine: boolean;
  #address: number;
  #busy = false;
  /** Whether a v3 meter has answered, or an old one was looked for. */
  #known = false;
  #outcome: PZEM004TSample | LatchkeyError | undefined;

  constructor({ sensor, clock, timer }: PZEM004TOptions) {
    const { address = GENERAL_ADDRESS } = sensor;
    if (address !== GENERAL_ADDRESS) checkAddress(address);
    this.#address = address;
    this.#ownsLine = !("line" in sensor);
    this.#line = "line" in sensor ? sensor.line : new ModbusLine(sensor, { clock, timer });
  }

  get address(): number {
    return this.#address;
  }

  get identification(): { readonly model: string; readonly classification: string } {
    return { model: "Peacefair PZEM-004T", classification: "Energy" };
  }

  get configuration(): { readonly address: number } {
    return { address: this.#address };
  }

  /** Sets the energy counter to zero. @throws as `measure`, sensor-refused */
  configure({ resetEnergy = false }: { readonly resetEnergy?: boolean } = {}): Promise<void> {
    const done = resetEnergy ? this.#alone(() => this.#resetEnergy()) : Promise.resolve();
    // Who calls it as Moddable's, without waiting, must not be ended by it.
    done.catch(() => {});
    return done;
  }

  /**
   * With a callback: one reading, handed to it, as Moddable's driver does. Without: the reading
   * that came since the last call, if any, and begins another. @throws what went wrong; busy
   */
  sample(callback?: PZEM004TCallback): PZEM004TSample | undefined {
    if (callback !== undefined) {
      if (this.#busy) throw new LatchkeyError("busy");
      this.measure().then(
        (sample) => callback(null, sample),
        (error: unknown) => callback(toLatchkeyError(error)),
      );
      return undefined;
    }
    const outcome = this.#outcome;
    this.#outcome = undefined;
    if (!this.#busy) this.#begin();
    if (outcome instanceof LatchkeyError) throw outcome;
    return outcome;
  }

  /**
   * Asks the meter, up to three times: some 0.1 s, 1.3 s until silence is a fault.
   * @throws sensor-timeout, sensor-checksum, sensor-address-clash, sensor-out-of-range,
   * sensor-refused, sensor-wrong-chip, serial-lost, cancelled, busy
   */
  measure(): Promise<PZEM004TSample> {
    return this.#alone(() => this.#read());
  }

  /**
   * Gives the meter another address, 01h-F7h, which it keeps without power, and goes on with it.
   * One meter may be on the line with the old address and none with the new one; what the line
   * can tell of that is checked first, and the new address is read back.
   * @throws as `measure`
   */
  setAddress(address: number): Promise<void> {
    checkAddress(address);
    return this.#alone(() => this.#setAddress(address));
  }

  close(callback?: (error: null) => void): void {
    if (this.#ownsLine) this.#line.close();
    callback?.(null);
  }

  #begin(): void {
    const keep = (outcome: PZEM004TSample | LatchkeyError) => {
      this.#outcome = outcome;
    };
    this.measure().then(keep, (error: unknown) => keep(toLatchkeyError(error)));
  }

  async #read(): Promise<PZEM004TSample> {
    const request = [this.#address, READ_INPUT, 0, 0, 0, PZEM_REGISTERS];
    const frame = await this.#ask({ request, answerBytes: 5 + 2 * PZEM_REGISTERS });
    return parsePzemRegisters(frame.subarray(3, -2));
  }

  async #resetEnergy(): Promise<void> {
    await this.#ask({ request: [this.#address, RESET_ENERGY], answerBytes: 4 });
    // The answer looks like the echo of a line that sends everything back.
    const { energy } = await this.#read();
    if (energy > ENERGY_AFTER_RESET_MAX) {
      const message = `The meter counts on at ${energy} Wh after the reset.`;
      throw new LatchkeyError("sensor-refused", { message, detail: { energy } });
    }
  }

  async #setAddress(address: number): Promise<void> {
    // Two meters that answer as one show themselves here, before both would be changed.
    await this.#read();
    const own = await this.#ownAddress(this.#address);
    if (own !== address) {
      await this.#assertFree(address);
      const request = [this.#address, WRITE_SINGLE, 0, ADDRESS_REGISTER, 0, address];
      await this.#ask({ request, answerBytes: 8 });
      const now = await this.#ownAddress(address);
      if (now !== address) {
        const message = `The meter kept the address ${addressName(now)}.`;
        throw new LatchkeyError("sensor-refused", { message, detail: { address: now } });
      }
    }
    this.#address = address;
  }

  async #ownAddress(asked: number): Promise<number> {
    const request = [asked, READ_HOLDING, 0, ADDRESS_REGISTER, 0, 1];
    const frame = await this.#ask({ request, answerBytes: 7 });
    return frame[3]! * 256 + frame[4]!;
  }

  async #assertFree(address: number): Promise<void> {
    const request = withCrc16Modbus(
      Uint8Array.of(address, READ_HOLDING, 0, ADDRESS_REGISTER, 0, 1),
    );
    const received = await this.#line.exchange(request);
    const answer = judgeAnswer({ request, answerBytes: 7, anyAddress: false }, received);
    if (answer.kind === "silence") return;
    const message = `Another meter has the address ${addressName(address)} already.`;
    throw new LatchkeyError("sensor-address-clash", { message, detail: { address } });
  }

  /** The good answer's frame. */
  async #ask({ request: command, answerBytes }: Command): Promise<Uint8Array> {
    const request = withCrc16Modbus(Uint8Array.from(command));
    const address = command[0]!;
    const asked = { request, answerBytes, anyAddress: address === GENERAL_ADDRESS };
    let likeClash = true;
    for (let attempt = 1; ; attempt++) {
      const answer = judgeAnswer(asked, await this.#line.exchange(request));
      if (answer.kind === "data") {
        this.#known = true;
        return answer.frame;
      }
      likeClash &&= answer.kind === "damaged" && answer.likeClash;
      const isFinal = answer.kind === "exception" || answer.kind === "clash";
      if (!isFinal && attempt < ATTEMPTS) continue;
      if (answer.kind === "silence") await this.#lookForOldMeter();
      throw troubleWith(answer, address, likeClash);
    }
  }

  /** Once, when nothing has ever answered. @throws sensor-wrong-chip */
  async #lookForOldMeter(): Promise<void> {
    if (this.#known) return;
    this.#known = true;
    if (!isOldPzem(await this.#line.exchange(Uint8Array.from(OLD_PZEM_QUERY)))) return;
    throw new LatchkeyError("sensor-wrong-chip", {
      message: "This is a PZEM-004T before v3, which speaks no Modbus.",
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

/** So that it takes the place of Moddable's driver, which is its module's default. */
export { PZEM004T as default };

function checkAddress(address: number): void {
  if (Number.isInteger(address) && address >= 1 && address <= ADDRESS_MAX) return;
  throw new RangeError(`address: ${address} is not 1-${ADDRESS_MAX}`);
}

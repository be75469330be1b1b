import { LatchkeyError } from "../../protocol/errors.ts";
import type { Timing } from "../timing.ts";
import {
  type Bmp390Trims,
  compensateBmp390Pressure,
  compensateBmp390Temperature,
  parseBmp390Trims,
} from "./bmp390-compensation.ts";
import {
  BMP388_CHIP,
  BMP390_CHIP,
  BMP390_ERROR,
  BMP390_POWER,
  BMP390_REGISTER,
  BMP390_RESET,
  BMP390_RESET_SEEN,
  BMP390_START_MS,
  NOT_MEASURED_24_BITS,
} from "./bmp390-registers.ts";
import { type BMP390Configuration, parseBmp390Settings } from "./bmp390-settings.ts";
import { badCalibration, readCalibration } from "./calibration-data.ts";
import { assertHeld, I2CRegisters, type I2CSensorOptions } from "./i2c-registers.ts";
import { inRange, measured, resetMeanwhile } from "./measured.ts";
import type { Sensor } from "./sensor.ts";
import { type ReadingSteps, SteppedReading } from "./stepped-reading.ts";

export interface BMP390Options extends Timing {
  /** Address 0x76 unless told; 0x77 with SDO at the supply, as most modules have it. */
  readonly sensor: I2CSensorOptions;
}

export interface BMP390Sample {
  /** °C, -40 to 85. */
  readonly thermometer: { readonly temperature: number };
  /** Pa, 30,000 to 125,000; absent when it is switched off. */
  readonly barometer?: { readonly pressure: number };
}

/** Looks for new data, 1 ms apart, once the measurement's duration has passed. */
const END_LOOKS_MAX = 20;

/**
 * Pressure and temperature (Bosch BST-BMP390-DS002), on I²C; a BMP388, whose registers, formulas
 * and ranges are the same, as well.
 *
 * A reading is one burst from the chip id to the event register. The id proves that the burst
 * began where it should, the data-ready bits that the data behind them are new, the event register
 * that the chip was not reset since it was configured.
 *
 * After any error the next reading begins with a reset.
 */
export class BMP390 implements Sensor<BMP390Sample> {
  readonly #chip: I2CRegisters;
  readonly #reading: SteppedReading<BMP390Sample>;
  #configuration: BMP390Configuration = {};
  #settings = parseBmp390Settings({});
  /** Absent until the chip has been found, reset and configured. */
  #trims: Bmp390Trims | undefined;
  #chipId = 0;

  constructor({ sensor, clock, timer }: BMP390Options) {
    this.#chip = new I2CRegisters(sensor, sensor.address ?? 0x76);
    this.#reading = new SteppedReading(() => this.#read(), { clock, timer });
  }

  /**
   * Changes what is named and leaves the rest; takes effect with the next reading.
   * @throws config-invalid, busy
   */
  configure(options: BMP390Configuration): void {
    const configuration = { ...this.#configuration, ...options };
    const settings = parseBmp390Settings(configuration);
    this.#reading.restart();
    this.#configuration = configuration;
    this.#settings = settings;
    this.#trims = undefined;
  }

  /** What was configured so far. */
  get configuration(): BMP390Configuration {
    return { ...this.#configuration };
  }

  /**
   * In `normal` mode what is new since the last call. In `forced` mode a call begins a measurement,
   * and a later one has its result and begins no other.
   * @throws sensor-…
   */
  sample(): BMP390Sample | undefined {
    return this.#reading.sample();
  }

  /** @throws sensor-…, busy */
  measure(): Promise<BMP390Sample> {
    return this.#reading.measure();
  }

  /** The chip finishes what it does and, in normal mode, goes on measuring by itself. */
  close(): void {
    this.#reading.close();
    this.#chip.close();
  }

  *#read(): ReadingSteps<BMP390Sample> {
    try {
      this.#trims ??= yield* this.#setUp();
      const { mode, power, measurementMs } = this.#settings;
      if (mode === "forced") {
        // A lost write shows by data that never get ready.
        this.#chip.write(BMP390_REGISTER.powerControl, power | BMP390_POWER.forced);
        yield measurementMs;
      }
      const bytes = yield* this.#newData();
      return this.#convert(this.#trims, bytes.subarray(BMP390_REGISTER.data));
    } catch (error) {
      this.#trims = undefined;
      throw error;
    }
  }

  *#setUp(): Generator<number, Bmp390Trims, void> {
    const chip = this.#chip;
    const [id] = chip.read(BMP390_REGISTER.chipId, 1);
    if (id !== BMP390_CHIP && id !== BMP388_CHIP) {
      throw new LatchkeyError("sensor-wrong-chip", {
        message: "the chip at this address is neither a BMP390 nor a BMP388",
        detail: { chipId: id },
      });
    }
    this.#chipId = id;
    chip.write(BMP390_REGISTER.command, BMP390_RESET);
    yield BMP390_START_MS;
    // Reading clears both: what comes later is new.
    const [error] = chip.read(BMP390_REGISTER.error, 1);
    if ((error! & BMP390_ERROR.fatal) !== 0) throw fault(error!);
    const [event] = chip.read(BMP390_REGISTER.event, 1);
    // Otherwise the chip did not take the reset, and still has what was set before.
    assertHeld(BMP390_REGISTER.event, BMP390_RESET_SEEN, event! & BMP390_RESET_SEEN);
    const trims = parseBmp390Trims(readCalibration(chip, BMP390_REGISTER.trims, 21));
    assertPlausible(trims);
    this.#writeSettings();
    return trims;
  }

  #writeSettings(): void {
    const { mode, power, osr, odr, config } = this.#settings;
    const chip = this.#chip;
    const control = mode === "normal" ? power | BMP390_POWER.normal : power;
    chip.write(BMP390_REGISTER.oversampling, osr);
    chip.write(BMP390_REGISTER.outputRate, odr);
    chip.write(BMP390_REGISTER.config, config);
    // Last, since the chip judges the others when it begins to measure.
    chip.write(BMP390_REGISTER.powerControl, control);
    const first = BMP390_REGISTER.powerControl;
    const held = chip.read(first, BMP390_REGISTER.config - first + 1);
    assertHeld(first, control, held[0]!);
    assertHeld(BMP390_REGISTER.oversampling, osr, held[1]!);
    assertHeld(BMP390_REGISTER.outputRate, odr, held[2]!);
    assertHeld(BMP390_REGISTER.config, config, held[4]!);
  }

  /**
   * The registers from the chip id on, once their data are new. Only the status is asked for
   * that: a burst over data that get ready in its middle would take their mark away.
   */
  *#newData(): Generator<number, Uint8Array, void> {
    const { mode, fresh, periodMs } = this.#settings;
    const looksMs = mode === "normal" ? Math.max(1, periodMs / END_LOOKS_MAX) : 1;
    const isFresh = (status: number) => (status & fresh) === fresh;
    for (let looks = 0; ; looks++) {
      const last = looks === 2 * END_LOOKS_MAX;
      const [status] = this.#chip.read(BMP390_REGISTER.status, 1);
      if (last || isFresh(status!)) {
        const bytes = this.#burst();
        if (isFresh(bytes[BMP390_REGISTER.status]!)) return bytes;
      }
      if (last) throw new LatchkeyError("sensor-timeout");
      yield looksMs;
    }
  }

  #burst(): Uint8Array {
    const bytes = this.#chip.read(BMP390_REGISTER.chipId, BMP390_REGISTER.event + 1);
    assertHeld(BMP390_REGISTER.chipId, this.#chipId, bytes[BMP390_REGISTER.chipId]!);
    if ((bytes[BMP390_REGISTER.event]! & BMP390_RESET_SEEN) !== 0) {
      throw resetMeanwhile();
    }
    const error = bytes[BMP390_REGISTER.error]!;
    if ((error & (BMP390_ERROR.fatal | BMP390_ERROR.configuration)) !== 0) throw fault(error);
    return bytes;
  }

  #convert(trims: Bmp390Trims, data: Uint8Array): BMP390Sample {
    const adcT = measured("temperature", int24(data, 3), NOT_MEASURED_24_BITS);
    const celsius = compensateBmp390Temperature(trims, adcT);
    const thermometer = { temperature: inRange("temperature", celsius, -40, 85) };
    if ((this.#settings.power & BMP390_POWER.pressure) === 0) return { thermometer };
    const adcP = measured("pressure", int24(data, 0), NOT_MEASURED_24_BITS);
    const pascal = compensateBmp390Pressure(trims, adcP, celsius);
    return { thermometer, barometer: { pressure: inRange("pressure", pascal, 30_000, 125_000) } };
  }
}

const int24 = (data: Uint8Array, at: number): number =>
  data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16);

/** Wide limits, which keep out what no working part can hold: Bosch publishes none. */
function assertPlausible(trims: Bmp390Trims): void {
  const celsius = (adc: number) => compensateBmp390Temperature(trims, adc);
  const middle = celsius(0x800000);
  if (!(middle > -40 && middle < 85 && celsius(0x900000) > middle)) {
    throw badCalibration("give no possible temperature");
  }
  const pascal = (adc: number) => compensateBmp390Pressure(trims, adc, 25);
  const half = pascal(0x800000);
  if (!(half > 10_000 && half < 250_000 && pascal(0x700000) !== half)) {
    throw badCalibration("give no possible pressure");
  }
}

function fault(error: number): LatchkeyError {
  const message =
    (error & BMP390_ERROR.fatal) !== 0
      ? "the sensor reports a fatal error"
      : "the sensor does not accept its configuration";
  return new LatchkeyError("sensor-fault", { message, detail: { error } });
}

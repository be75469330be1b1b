import { LatchkeyError } from "../../protocol/errors.ts";
import type { Timing } from "../timing.ts";
import { readBme280Trims } from "./bme280-calibration.ts";
import {
  type Bme280Trims,
  compensateHumidity,
  compensatePressure,
  compensateTemperature,
} from "./bme280-compensation.ts";
import {
  BME280_CHIP,
  BME280_MODE,
  BME280_REGISTER,
  BME280_RESET,
  BME280_START_MS,
  BME280_STATUS,
  BMP280_CHIP,
  bme280MeasurementMs,
  NOT_MEASURED_16_BITS,
  NOT_MEASURED_20_BITS,
} from "./bme280-registers.ts";
import { type BME280Configuration, parseBme280Settings } from "./bme280-settings.ts";
import { assertHeld, I2CRegisters, type I2CSensorOptions } from "./i2c-registers.ts";
import { inRange, measured, resetMeanwhile } from "./measured.ts";
import type { Sensor } from "./sensor.ts";
import { type ReadingSteps, SteppedReading } from "./stepped-reading.ts";

export interface BME280Options extends Timing {
  /** Address 0x76 unless told; 0x77 with SDO at the supply. */
  readonly sensor: I2CSensorOptions;
}

/** A compound sensor as ECMA-419 has it. What is skipped is absent. */
export interface BME280Sample {
  /** °C, -40 to 85. */
  readonly thermometer: { readonly temperature: number };
  /** Pa, 30,000 to 110,000. */
  readonly barometer?: { readonly pressure: number };
  /** Relative, %: 0 to 100, as nearly all of Moddable's drivers (docs/sensors.md). */
  readonly hygrometer?: { readonly humidity: number };
}

const MODE_BITS = 0b11;
/** Looks at the status while the trimming data are copied, 1 ms apart. */
const COPY_LOOKS_MAX = 10;
/** The same at the end of a measurement, whose longest duration has passed by then. */
const END_LOOKS_MAX = 5;
/**
 * So far outside of 0…100 % may the formula end and still be cut to it, as the data sheet does:
 * ±3 % accuracy, 1 % hysteresis, ageing, a drop of water. What is further off is no humidity.
 */
const HUMIDITY_EXCESS = 10;

/**
 * Temperature, pressure and humidity (Bosch BST-BME280-DS002), on I²C.
 *
 * A reading is one burst from `ctrlHum` to the end of the data. Its first bytes are the settings:
 * if they are those that were written, the bytes behind them are data, of a chip that has not
 * been reset meanwhile. The chip keeps all data of a burst from one measurement (§4.1).
 *
 * After any error the next reading begins with a reset: a sensor that was plugged in again, or
 * replaced, works without the program's being started anew.
 */
export class BME280 implements Sensor<BME280Sample> {
  readonly #chip: I2CRegisters;
  readonly #timing: Timing;
  readonly #reading: SteppedReading<BME280Sample>;
  #configuration: BME280Configuration = {};
  #settings = parseBme280Settings({});
  /** Absent until the chip has been found, reset and configured. */
  #trims: Bme280Trims | undefined;
  #lastReadMs = 0;

  constructor({ sensor, clock, timer }: BME280Options) {
    this.#timing = { clock, timer };
    this.#chip = new I2CRegisters(sensor, sensor.address ?? 0x76);
    this.#reading = new SteppedReading(() => this.#read(), this.#timing);
  }

  /**
   * Changes what is named and leaves the rest; takes effect with the next reading.
   * @throws config-invalid, busy
   */
  configure(options: BME280Configuration): void {
    const configuration = { ...this.#configuration, ...options };
    const settings = parseBme280Settings(configuration);
    this.#reading.restart();
    this.#configuration = configuration;
    this.#settings = settings;
    this.#trims = undefined;
  }

  /** What was configured so far. */
  get configuration(): BME280Configuration {
    return { ...this.#configuration };
  }

  /**
   * In `normal` mode what the chip measured last, once per cycle. In `forced` mode a call begins a
   * measurement, and a later one has its result and begins no other.
   * @throws sensor-…
   */
  sample(): BME280Sample | undefined {
    return this.#reading.sample();
  }

  /** @throws sensor-…, busy */
  measure(): Promise<BME280Sample> {
    return this.#reading.measure();
  }

  /** The chip finishes what it does and, in normal mode, goes on measuring by itself. */
  close(): void {
    this.#reading.close();
    this.#chip.close();
  }

  *#read(): ReadingSteps<BME280Sample> {
    try {
      if (this.#trims === undefined) this.#trims = yield* this.#setUp();
      else if (this.#settings.mode === "normal") yield this.#untilNextCycle();
      if (this.#settings.mode === "forced") yield this.#force();
      const data = yield* this.#finished();
      this.#lastReadMs = this.#timing.clock.monotonicMs();
      return this.#convert(this.#trims, data);
    } catch (error) {
      this.#trims = undefined;
      throw error;
    }
  }

  *#setUp(): Generator<number, Bme280Trims, void> {
    const chip = this.#chip;
    const { humidity, standby, ctrlHum, ctrlMeas, config, mode } = this.#settings;
    const [id] = chip.read(BME280_REGISTER.chipId, 1);
    // A BMP280 is the same chip without humidity, and is often sold as this one.
    const asBmp280 = id === BMP280_CHIP && humidity === 0 && standby !== 10 && standby !== 20;
    if (id !== BME280_CHIP && !asBmp280) throw wrongChip(id!);
    chip.write(BME280_REGISTER.reset, BME280_RESET);
    yield BME280_START_MS;
    for (let looks = 0; ; looks++) {
      const [status] = chip.read(BME280_REGISTER.status, 1);
      if ((status! & BME280_STATUS.copying) === 0) break;
      if (looks === COPY_LOOKS_MAX) throw late("copy its calibration data");
      yield 1;
    }
    const trims = readBme280Trims(chip, humidity !== 0);
    if (humidity !== 0) chip.write(BME280_REGISTER.ctrlHum, ctrlHum);
    // The chip sleeps after its reset, which is when it takes these.
    chip.write(BME280_REGISTER.config, config);
    if (mode === "normal") {
      chip.write(BME280_REGISTER.ctrlMeas, ctrlMeas | BME280_MODE.normal);
      yield this.#measurementMs;
    }
    return trims;
  }

  /** Begins a measurement; gives its longest duration. */
  #force(): number {
    const wanted = this.#settings.ctrlMeas | BME280_MODE.forced;
    this.#chip.write(BME280_REGISTER.ctrlMeas, wanted);
    // Had the write been lost, the last measurement would be read again as if it were new. The
    // mode stays in the register for as long as the chip measures.
    const [found] = this.#chip.read(BME280_REGISTER.ctrlMeas, 1);
    assertHeld(BME280_REGISTER.ctrlMeas, wanted, found!);
    return this.#measurementMs;
  }

  /** The data registers, once the chip has finished and still has its settings. */
  *#finished(): Generator<number, Uint8Array, void> {
    const { humidity, ctrlHum, ctrlMeas, config, mode } = this.#settings;
    const { ctrlHum: first, data } = BME280_REGISTER;
    // A BMP280 ends before the humidity.
    const length = data - first + (humidity === 0 ? 6 : 8);
    for (let looks = 0; ; looks++) {
      const bytes = this.#chip.read(first, length);
      const of = (register: number) => bytes[register - first]!;
      const meas = of(BME280_REGISTER.ctrlMeas);
      if (meas === 0 && of(data) === 0x80) throw resetMeanwhile();
      assertHeld(BME280_REGISTER.ctrlMeas, ctrlMeas, meas & ~MODE_BITS);
      assertHeld(BME280_REGISTER.config, config, of(BME280_REGISTER.config) & 0xfd);
      if (humidity !== 0) assertHeld(first, ctrlHum, of(first) & 0b111);
      if (mode === "normal") {
        // The last result stays readable while the next is being measured.
        assertHeld(BME280_REGISTER.ctrlMeas, BME280_MODE.normal, meas & MODE_BITS);
        return bytes.subarray(data - first);
      }
      const measuring = (of(BME280_REGISTER.status) & BME280_STATUS.measuring) !== 0;
      if ((meas & MODE_BITS) === BME280_MODE.sleep && !measuring) {
        return bytes.subarray(data - first);
      }
      if (looks === END_LOOKS_MAX) throw late("measure");
      yield 1;
    }
  }

  #convert(trims: Bme280Trims, data: Uint8Array): BME280Sample {
    const { pressure, humidity } = this.#settings;
    const adcT = measured("temperature", int20(data, 3), NOT_MEASURED_20_BITS);
    const { celsius, fine } = compensateTemperature(trims, adcT);
    const thermometer = { temperature: inRange("temperature", celsius, -40, 85) };
    const sample: { -readonly [K in keyof BME280Sample]: BME280Sample[K] } = { thermometer };
    if (pressure !== 0) {
      const adc = measured("pressure", int20(data, 0), NOT_MEASURED_20_BITS);
      const pascal = compensatePressure(trims, adc, fine);
      sample.barometer = { pressure: inRange("pressure", pascal, 30_000, 110_000) };
    }
    if (humidity !== 0 && trims.h !== undefined) {
      const adc = measured("humidity", (data[6]! << 8) | data[7]!, NOT_MEASURED_16_BITS);
      const percent = compensateHumidity(trims.h, adc, fine);
      inRange("humidity", percent, -HUMIDITY_EXCESS, 100 + HUMIDITY_EXCESS);
      sample.hygrometer = { humidity: Math.min(100, Math.max(0, percent)) };
    }
    return sample;
  }

  get #measurementMs(): number {
    const { temperature, pressure, humidity } = this.#settings;
    return bme280MeasurementMs(temperature, pressure, humidity);
  }

  /** The chip has no flag for new data: a cycle must have passed since the last ones. */
  #untilNextCycle(): number {
    const cycleMs = this.#measurementMs + this.#settings.standby;
    return Math.max(0, this.#lastReadMs + cycleMs - this.#timing.clock.monotonicMs());
  }
}

const int20 = (data: Uint8Array, at: number): number =>
  (data[at]! << 12) | (data[at + 1]! << 4) | (data[at + 2]! >> 4);

function late(what: string): LatchkeyError {
  return new LatchkeyError("sensor-timeout", { message: `the sensor takes too long to ${what}` });
}

function wrongChip(id: number): LatchkeyError {
  const message =
    id === BMP280_CHIP
      ? "this is a BMP280: it has no humidity, and other standby times"
      : "the chip at this address is no BME280";
  return new LatchkeyError("sensor-wrong-chip", { message, detail: { chipId: id } });
}

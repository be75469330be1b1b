import { LatchkeyError } from "../../protocol/errors.ts";
import type { Timing } from "../timing.ts";
import { assertHeld, I2CRegisters, type I2CSensorOptions } from "./i2c-registers.ts";
import {
  BUS_LSB,
  INA219_BUS,
  INA219_POWER_ON,
  INA219_REGISTER,
  INA219_RESET,
  SHUNT_LSB,
} from "./ina219-registers.ts";
import { type INA219Configuration, parseIna219Settings } from "./ina219-settings.ts";
import { resetMeanwhile } from "./measured.ts";
import type { Sensor } from "./sensor.ts";
import { type ReadingSteps, SteppedReading } from "./stepped-reading.ts";

export interface INA219Options extends Timing {
  /** Address 0x40 unless told; 0x41 to 0x4F by the wiring of A0 and A1. */
  readonly sensor: I2CSensorOptions;
}

/** Flat, with the names of Moddable's PZEM-004T driver: ECMA-419 has no class for electricity. */
export interface INA219Sample {
  /** V, of the load: between IN- and ground. */
  readonly voltage: number;
  /** A; negative when it flows from IN- to IN+. */
  readonly current: number;
  /** W, with the sign of the current. */
  readonly power: number;
  /** V, over the shunt: between IN+ and IN-. */
  readonly shuntVoltage: number;
}

/** Looks for the end of the conversion, 1 ms apart, once its longest duration has passed. */
const END_LOOKS_MAX = 10;
/** By so much may a figure of the chip differ from its product here: it rounds on its way. */
const PRODUCT_SLACK = 4;

/**
 * Voltage, current and power of a load (TI SBOS448G). Each reading is triggered, so that the
 * voltage and the current are of the same moment; in between the chip keeps its last result.
 *
 * The chip forgets its calibration when a load spike pulls its supply down, and then reads zero
 * ampere. The calibration and the configuration are therefore written again for each reading, and
 * read back after it: a reading whose settings are not there any more is none.
 *
 * A 16-bit register carries nothing that says which one it is. What ties the four together is
 * arithmetic: the current must be the shunt voltage times the calibration, the power their
 * product, and the voltage must read the same twice.
 */
export class INA219 implements Sensor<INA219Sample> {
  readonly #chip: I2CRegisters;
  readonly #reading: SteppedReading<INA219Sample>;
  #configuration: INA219Configuration = {};
  #settings = parseIna219Settings({});
  #found = false;

  constructor({ sensor, clock, timer }: INA219Options) {
    this.#chip = new I2CRegisters(sensor, sensor.address ?? 0x40);
    this.#reading = new SteppedReading(() => this.#read(), { clock, timer });
  }

  /**
   * Changes what is named and leaves the rest; takes effect with the next reading.
   * @throws config-invalid, busy
   */
  configure(options: INA219Configuration): void {
    const configuration = { ...this.#configuration, ...options };
    const settings = parseIna219Settings(configuration);
    this.#reading.restart();
    this.#configuration = configuration;
    this.#settings = settings;
  }

  /** What was configured so far. */
  get configuration(): INA219Configuration {
    return { ...this.#configuration };
  }

  /** A call begins a measurement, and a later one has its result and begins no other. */
  sample(): INA219Sample | undefined {
    return this.#reading.sample();
  }

  /** @throws sensor-…, busy */
  measure(): Promise<INA219Sample> {
    return this.#reading.measure();
  }

  close(): void {
    this.#reading.close();
    this.#chip.close();
  }

  *#read(): ReadingSteps<INA219Sample> {
    try {
      if (!this.#found) this.#find();
      const { calibration, configuration, measurementMs } = this.#settings;
      this.#write(INA219_REGISTER.calibration, calibration);
      // Writing the configuration triggers, and clears the ready bit (§8.6.2.1).
      this.#write(INA219_REGISTER.configuration, configuration);
      yield measurementMs;
      return this.#collect(yield* this.#ready());
    } catch (error) {
      this.#found = false;
      throw error;
    }
  }

  /** There is no identification register: a chip that resets to this value is taken for one. */
  #find(): void {
    this.#write(INA219_REGISTER.configuration, INA219_RESET);
    const found = this.#word(INA219_REGISTER.configuration);
    if (found !== INA219_POWER_ON) {
      throw new LatchkeyError("sensor-wrong-chip", {
        message: "the chip at this address does not reset as an INA219 does",
        detail: { configuration: found },
      });
    }
    this.#found = true;
  }

  /** The bus voltage register, once it says that both conversions are over. */
  *#ready(): Generator<number, number, void> {
    for (let looks = 0; ; looks++) {
      const bus = this.#word(INA219_REGISTER.busVoltage);
      if ((bus & INA219_BUS.ready) !== 0) return bus;
      if (looks === END_LOOKS_MAX) throw this.#neverReady();
      yield 1;
    }
  }

  #collect(bus: number): INA219Sample {
    const { calibration, currentLsb, shuntBits, busBits } = this.#settings;
    const shunt = signed(this.#word(INA219_REGISTER.shuntVoltage));
    const current = signed(this.#word(INA219_REGISTER.current));
    const busAgain = this.#word(INA219_REGISTER.busVoltage);
    // Reading the power clears the ready bit (§8.6.3.2): last of the results.
    const power = this.#word(INA219_REGISTER.power);
    this.#assertSettings();
    const volts = bus >> 3;
    const overflow = (bus & INA219_BUS.overflow) !== 0;
    if (overflow || Math.abs(shunt) >= shuntBits || volts >= busBits) {
      throw outOfRange(overflow, shunt, volts);
    }
    assertHeld(INA219_REGISTER.busVoltage, bus, busAgain);
    assertProduct(INA219_REGISTER.current, current, (shunt * calibration) / 4096);
    assertProduct(INA219_REGISTER.power, power, (Math.abs(current) * volts) / 5000);
    return {
      voltage: volts * BUS_LSB,
      current: current * currentLsb,
      // Bits of the power are worth twenty of the current (equation 3).
      power: (current < 0 ? -power : power) * 20 * currentLsb,
      shuntVoltage: shunt * SHUNT_LSB,
    };
  }

  #assertSettings(): void {
    const { calibration, configuration } = this.#settings;
    const configured = this.#word(INA219_REGISTER.configuration);
    const calibrated = this.#word(INA219_REGISTER.calibration);
    if (configured === INA219_POWER_ON) throw resetMeanwhile();
    assertHeld(INA219_REGISTER.configuration, configuration, configured);
    assertHeld(INA219_REGISTER.calibration, calibration, calibrated);
  }

  /** A chip that was reset measures without being told to, so it is worth a look. */
  #neverReady(): LatchkeyError {
    this.#assertSettings();
    return new LatchkeyError("sensor-timeout");
  }

  #write(register: number, word: number): void {
    this.#chip.write(register, word >> 8, word & 0xff);
  }

  #word(register: number): number {
    const [high, low] = this.#chip.read(register, 2);
    return (high! << 8) | low!;
  }
}

const signed = (word: number): number => (word << 16) >> 16;

function assertProduct(register: number, found: number, product: number): void {
  if (Math.abs(found - product) <= PRODUCT_SLACK) return;
  throw new LatchkeyError("sensor-bus", {
    message: "the sensor's figures do not belong together",
    detail: { register, found, product },
  });
}

function outOfRange(overflow: boolean, shunt: number, volts: number): LatchkeyError {
  return new LatchkeyError("sensor-out-of-range", {
    message: "the load exceeds what the sensor is configured for: see max_voltage, max_current",
    detail: { overflow, shuntVoltage: shunt * SHUNT_LSB, voltage: volts * BUS_LSB },
  });
}

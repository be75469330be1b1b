import { LatchkeyError } from "../../protocol/errors.ts";
import type { I2CRegisters } from "./i2c-registers.ts";

/**
 * Calibration data of a chip. They are read twice: no checksum guards them, one wrong bit makes
 * every later reading wrong, and they are read only after a reset.
 * @throws sensor-absent, sensor-bus, sensor-calibration when nothing was ever written there
 */
export function readCalibration(chip: I2CRegisters, register: number, length: number): Uint8Array {
  const first = chip.read(register, length);
  const second = chip.read(register, length);
  if (!first.every((byte, i) => byte === second[i])) {
    throw new LatchkeyError("sensor-bus", {
      message: "the calibration data read differently a second time",
      detail: { register },
    });
  }
  // Or nobody drives the bus.
  if (first.every((byte) => byte === 0x00) || first.every((byte) => byte === 0xff)) {
    throw badCalibration("are blank");
  }
  return first;
}

export function badCalibration(problem: string): LatchkeyError {
  return new LatchkeyError("sensor-calibration", {
    message: `the sensor's calibration data ${problem}`,
  });
}

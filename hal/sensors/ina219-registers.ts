/** Registers of the INA219 (TI SBOS448G, §8.6, table 2): 16 bits each, the high byte first. */
export const INA219_REGISTER = {
  configuration: 0x00,
  shuntVoltage: 0x01,
  busVoltage: 0x02,
  power: 0x03,
  current: 0x04,
  calibration: 0x05,
} as const;

/** Bit 15 of the configuration resets the chip, which then holds the other (§8.6.2.1). */
export const INA219_RESET = 0x8000;
export const INA219_POWER_ON = 0x399f;

/** Bus range of 32 V instead of 16 V: bit 13. */
export const INA219_BUS_32V = 0x2000;
/** Shunt and bus voltage, triggered: bits 2:0 (table 6). */
export const INA219_TRIGGERED = 0b011;

/** Low bits of the bus voltage register (§8.6.3.2). */
export const INA219_BUS = { overflow: 0x01, ready: 0x02 } as const;

/** Volts per bit, whatever the range. */
export const SHUNT_LSB = 10e-6;
export const BUS_LSB = 4e-3;

/** Full scale of the shunt voltage at PGA /1, /2, /4, /8: bits 12:11 (table 4). */
export const INA219_SHUNT_VOLTS = [0.04, 0.08, 0.16, 0.32] as const;

/** Samples of 12 bits that the chip averages (table 5): codes 1000 to 1111, but one is 0011. */
export const INA219_AVERAGING = [1, 2, 4, 8, 16, 32, 64, 128] as const;
/** Bits of a single sample: codes 0000 to 0011. */
export const INA219_RESOLUTION = [9, 10, 11, 12] as const;

/** Longest conversion in ms (table 5 has 84 µs to 532 µs; §7.5 allows 10 % more). */
export function ina219ConversionMs(resolution: number, averaging: number): number {
  const typicalUs = { 9: 84, 10: 148, 11: 276, 12: 532 }[resolution] ?? 532;
  return (typicalUs * averaging * 1.1) / 1000;
}

/** Overflow bit and the bit that is not used (§8.6.4.1): the register holds even figures only. */
const CALIBRATION_MAX = 0xfffe;

/**
 * The calibration register for that many ampere per bit of the current register, over a shunt in
 * ohm (equation 1, §8.5.1). Bit 0 cannot be set; the figure is cut, not shifted.
 */
export function ina219Calibration(currentLsb: number, shuntOhm: number): number {
  // 0.04096 / (0.0001 * 0.1) is 4096 on paper and may be a hair less in floating point.
  const exact = (0.04096 / (currentLsb * shuntOhm)) * (1 + 1e-9);
  return Math.min(CALIBRATION_MAX, Math.trunc(exact)) & CALIBRATION_MAX;
}

/** Ampere per bit that a calibration really gives: what was cut off is not lost. */
export function ina219CurrentLsb(calibration: number, shuntOhm: number): number {
  return 0.04096 / (calibration * shuntOhm);
}

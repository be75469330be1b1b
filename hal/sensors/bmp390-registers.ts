/** Registers of the BMP390 (Bosch BST-BMP390-DS002, §4.3); the BMP388 has the same. */
export const BMP390_REGISTER = {
  chipId: 0x00,
  error: 0x02,
  status: 0x03,
  /** Pressure, then temperature: three bytes each, the lowest first. */
  data: 0x04,
  event: 0x10,
  powerControl: 0x1b,
  oversampling: 0x1c,
  outputRate: 0x1d,
  config: 0x1f,
  /** 21 bytes. */
  trims: 0x31,
  command: 0x7e,
} as const;

export const BMP390_CHIP = 0x60;
export const BMP388_CHIP = 0x50;

/** Written to `command` (§4.3.23). */
export const BMP390_RESET = 0xb6;

/** Bits of `error` (§4.3.3). */
export const BMP390_ERROR = { fatal: 0x01, command: 0x02, configuration: 0x04 } as const;

/** Bits of `status` (§4.3.4). */
export const BMP390_STATUS = { commandReady: 0x10, pressure: 0x20, temperature: 0x40 } as const;

/** Bit of `event`: a reset since this was last read, which clears it (§4.3.8). */
export const BMP390_RESET_SEEN = 0x01;

/** Bits of `powerControl` (§4.3.17). */
export const BMP390_POWER = {
  pressure: 0x01,
  temperature: 0x02,
  forced: 0x10,
  normal: 0x30,
  mode: 0x30,
} as const;

/** Start-up time, also after a reset (§1, table 2). */
export const BMP390_START_MS = 2;

/** `osr_p` and `osr_t` (§4.3.18). */
export const BMP390_OVERSAMPLING = [1, 2, 4, 8, 16, 32] as const;
/** `iir_filter` (§4.3.21), counted as ESPHome does; Bosch's coefficient is one less. 0 is off. */
export const BMP390_FILTER = [0, 2, 4, 8, 16, 32, 64, 128] as const;
/** `odr_sel` halves 200 Hz so often (§4.3.19): from 5 ms to 655.36 s. */
export const BMP390_RATE_MAX = 17;

/** What the data registers hold before the first measurement (§4.3, table 23). */
export const NOT_MEASURED_24_BITS = 0x800000;

/**
 * Duration of a measurement in ms. The data sheet (§3.9.2) and Bosch's driver give different
 * figures, 2020 and 2000 µs a conversion, 163 and 313 µs around the temperature: the larger of
 * each. `osrP` 0 leaves the pressure out.
 */
export function bmp390MeasurementMs(osrT: number, osrP: number): number {
  const pressureUs = osrP === 0 ? 0 : 392 + 2020 * osrP;
  return (234 + pressureUs + 313 + 2020 * osrT) / 1000;
}

/**
 * Registers of the BME280 (Bosch BST-BME280-DS002, §5.3-5.4, table 18). A BMP280 (BST-BMP280-DS001)
 * is the same without humidity.
 */
export const BME280_REGISTER = {
  /** 26 bytes: trimming of temperature and pressure, one spare byte, H1. */
  trims: 0x88,
  chipId: 0xd0,
  reset: 0xe0,
  /** 7 bytes: H2 to H6. */
  trimsHumidity: 0xe1,
  /** Takes effect only with the next write to `ctrlMeas` (§5.4.3). */
  ctrlHum: 0xf2,
  status: 0xf3,
  ctrlMeas: 0xf4,
  /** Writes may be ignored unless the chip sleeps (§5.4.6). */
  config: 0xf5,
  data: 0xf7,
} as const;

export const BME280_CHIP = 0x60;
export const BMP280_CHIP = 0x58;

/** Written to `reset` (§5.4.2). */
export const BME280_RESET = 0xb6;

/** Bits of `status` (§5.4.4). */
export const BME280_STATUS = { measuring: 0x08, copying: 0x01 } as const;

/** Bits 1:0 of `ctrlMeas` (§5.4.5, table 25). */
export const BME280_MODE = { sleep: 0b00, forced: 0b01, normal: 0b11 } as const;

/** Start-up time, also after a reset (§1, table 1). */
export const BME280_START_MS = 2;

/** `osrs_t`, `osrs_p`, `osrs_h` count in this order; 0 skips (tables 20, 23 and 24). */
export const BME280_OVERSAMPLING = [0, 1, 2, 4, 8, 16] as const;
/** `filter`: the coefficient, 0 is off (table 28). */
export const BME280_FILTER = [0, 2, 4, 8, 16] as const;
/** `t_sb` in ms (table 27); the BMP280's last two are 2000 and 4000 instead. */
export const BME280_STANDBY = [0.5, 62.5, 125, 250, 500, 1000, 10, 20] as const;

/** Data of a channel that has not been measured: skipped, or not yet (§5.4.7-5.4.9). */
export const NOT_MEASURED_20_BITS = 0x80000;
export const NOT_MEASURED_16_BITS = 0x8000;

/** Longest duration of a measurement in ms (§9.1); oversampling 0 is skipped. */
export function bme280MeasurementMs(osrT: number, osrP: number, osrH: number): number {
  const extra = (osr: number) => (osr === 0 ? 0 : 2.3 * osr + 0.575);
  return 1.25 + 2.3 * osrT + extra(osrP) + extra(osrH);
}

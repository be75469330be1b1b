/** The trimming parameters with their names of the data sheet (BST-BME280-DS002 §4.2.2). */
export interface Bme280Trims {
  /** dig_T1 to dig_T3. */
  readonly t: readonly [number, number, number];
  /** dig_P1 to dig_P9. */
  readonly p: readonly number[];
  /** dig_H1 to dig_H6; absent in a BMP280. */
  readonly h?: readonly number[];
}

/**
 * @param main 26 bytes from 0x88
 * @param humidity 7 bytes from 0xE1
 */
export function parseBme280Trims(main: Uint8Array, humidity?: Uint8Array): Bme280Trims {
  const view = new DataView(main.buffer, main.byteOffset, main.byteLength);
  const signed = (at: number) => view.getInt16(at, true);
  const t = [view.getUint16(0, true), signed(2), signed(4)] as const;
  const p = [view.getUint16(6, true)];
  for (let at = 8; at < 24; at += 2) p.push(signed(at));
  if (humidity === undefined) return { t, p };
  const [e1, e2, e3, e4, e5, e6, e7] = humidity as unknown as readonly number[];
  const h = [
    main[25]!,
    int16((e2! << 8) | e1!),
    e3!,
    // Twelve signed bits each, which share the byte E5 (table 16).
    (int8(e4!) << 4) | (e5! & 0x0f),
    (int8(e6!) << 4) | (e5! >> 4),
    int8(e7!),
  ];
  return { t, p, h };
}

/**
 * Temperature in °C, and the figure that the other two formulas need. All three in floating point
 * as in BST-BME280-DS002 §8.1. The code there cuts `fine` to a whole number ("t_fine"); the worked
 * example of the BMP280 does not, and neither does this: it would cost up to 0.03 Pa.
 */
export function compensateTemperature(
  { t: [t1, t2, t3] }: Bme280Trims,
  adc: number,
): { readonly celsius: number; readonly fine: number } {
  const first = (adc / 16384 - t1 / 1024) * t2;
  const off = adc / 131072 - t1 / 8192;
  const sum = first + off * off * t3;
  return { celsius: sum / 5120, fine: sum };
}

/** Pressure in Pa; NaN where the formula would divide by zero. */
export function compensatePressure({ p }: Bme280Trims, adc: number, fine: number): number {
  const [p1, p2, p3, p4, p5, p6, p7, p8, p9] = p as readonly number[] & { length: 9 };
  const x = fine / 2 - 64000;
  const offset = ((x * x * p6!) / 32768 + x * p5! * 2) / 4 + p4! * 65536;
  const slope = (1 + ((p3! * x * x) / 524288 + p2! * x) / 524288 / 32768) * p1!;
  if (slope === 0) return Number.NaN;
  const pascal = ((1048576 - adc - offset / 4096) * 6250) / slope;
  const correction = (p9! * pascal * pascal) / 2147483648 + (pascal * p8!) / 32768 + p7!;
  return pascal + correction / 16;
}

/** Relative humidity in %, before it is cut to 0…100 as the data sheet's formula ends. */
export function compensateHumidity(h: readonly number[], adc: number, fine: number): number {
  const [h1, h2, h3, h4, h5, h6] = h;
  const x = fine - 76800;
  const scale = 1 + (h6! / 67108864) * x * (1 + (h3! / 67108864) * x);
  const first = (adc - (h4! * 64 + (h5! / 16384) * x)) * ((h2! / 65536) * scale);
  return first * (1 - (h1! * first) / 524288);
}

const int8 = (byte: number): number => (byte << 24) >> 24;
const int16 = (word: number): number => (word << 16) >> 16;

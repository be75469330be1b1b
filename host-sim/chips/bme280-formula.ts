/**
 * Bosch's integer formulas (BST-BME280-DS002 §4.2.3; pressure in 64 bits), as the chip's side of
 * the truth. BigInt shifts go towards minus infinity, as the shifts in the document do.
 */
export interface Bme280Digits {
  readonly t: readonly number[];
  readonly p: readonly number[];
  readonly h: readonly number[];
}

/** The parameters of the worked example (BST-BMP280-DS001 §3.12), humidity as parts have it. */
export const EXAMPLE_DIGITS: Bme280Digits = {
  t: [27504, 26435, -1000],
  p: [36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000],
  h: [75, 355, 0, 340, 50, 30],
};

/** t_fine: 5120 to the degree. */
export function fineTemperature({ t }: Bme280Digits, adc: number): bigint {
  const [t1, t2, t3] = t.map(BigInt) as [bigint, bigint, bigint];
  const raw = BigInt(adc);
  const first = (((raw >> 3n) - (t1 << 1n)) * t2) >> 11n;
  const off = (raw >> 4n) - t1;
  return first + ((((off * off) >> 12n) * t3) >> 14n);
}

/** Pa times 256; 0 where the formula would divide by zero. */
export function pressureQ8({ p }: Bme280Digits, adc: number, fine: bigint): bigint {
  const [p1, p2, p3, p4, p5, p6, p7, p8, p9] = p.map(BigInt) as bigint[] & { length: 9 };
  const x = fine - 128000n;
  const offset = x * x * p6! + ((x * p5!) << 17n) + (p4! << 35n);
  const slope = (((1n << 47n) + ((x * x * p3!) >> 8n) + ((x * p2!) << 12n)) * p1!) >> 33n;
  if (slope === 0n) return 0n;
  const pressure = ((((1048576n - BigInt(adc)) << 31n) - offset) * 3125n) / slope;
  const square = (p9! * (pressure >> 13n) * (pressure >> 13n)) >> 25n;
  return ((pressure + square + ((p8! * pressure) >> 19n)) >> 8n) + (p7! << 4n);
}

/** % times 1024. */
export function humidityQ10({ h }: Bme280Digits, adc: number, fine: bigint): bigint {
  const [h1, h2, h3, h4, h5, h6] = h.map(BigInt) as bigint[] & { length: 6 };
  const x = fine - 76800n;
  const first = ((BigInt(adc) << 14n) - (h4! << 20n) - h5! * x + 16384n) >> 15n;
  const scale = (((x * h6!) >> 10n) * (((x * h3!) >> 11n) + 32768n)) >> 10n;
  let v = first * (((scale + 2097152n) * h2! + 8192n) >> 14n);
  v -= ((((v >> 15n) * (v >> 15n)) >> 7n) * h1!) >> 4n;
  if (v < 0n) v = 0n;
  if (v > 419430400n) v = 419430400n;
  return v >> 12n;
}

/** The parameters as they lie in the chip: 26 bytes from 88, 7 bytes from E1 (table 16). */
export function trimmingBytes({ t, p, h }: Bme280Digits): [Uint8Array, Uint8Array] {
  const main = new Uint8Array(26);
  [...t, ...p].forEach((word, i) => {
    main[2 * i] = word & 0xff;
    main[2 * i + 1] = (word >> 8) & 0xff;
  });
  const [h1, h2, h3, h4, h5, h6] = h as readonly number[] & { length: 6 };
  main[25] = h1!;
  const rest = [h2!, h2! >> 8, h3!, h4! >> 4, (h4! & 0x0f) | ((h5! & 0x0f) << 4), h5! >> 4, h6!];
  return [main, Uint8Array.from(rest, (byte) => byte & 0xff)];
}

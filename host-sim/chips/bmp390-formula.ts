/**
 * Bosch's integer formulas for the BMP390 (BMP3_SensorAPI, 64-bit build), as the chip's side of
 * the truth. The document has them in floating point only, which is what drivers use.
 */
export interface Bmp390Words {
  readonly t: readonly bigint[];
  readonly p: readonly bigint[];
}

/** Of a real part, published with a reading (elixir-sensors/bmp3xx, measurement test). */
export const EXAMPLE_TRIMS = "236b5849f65cffcef42300ea636e79f3f6aa4312c4";

/** The 21 bytes from 31 as whole numbers (BST-BMP390-DS002 §3.11.1). */
export function trimmingWords(bytes: Uint8Array): Bmp390Words {
  const byte = (at: number) => BigInt(bytes[at]!);
  const u16 = (at: number) => byte(at) | (byte(at + 1) << 8n);
  const s16 = (at: number) => BigInt.asIntN(16, u16(at));
  const s8 = (at: number) => BigInt.asIntN(8, byte(at));
  return {
    t: [u16(0), u16(2), s8(4)],
    p: [s16(5), s16(7), s8(9), s8(10), u16(11), u16(13), s8(15), s8(16), s16(17), s8(19), s8(20)],
  };
}

/** °C times 65536. */
export function linearTemperature({ t }: Bmp390Words, adc: number): bigint {
  const [t1, t2, t3] = t as readonly bigint[] & { length: 3 };
  const off = BigInt(adc) - 256n * t1!;
  return (t2! * off * 262144n + off * off * t3!) / 4294967296n;
}

/** Pa times 100. */
export function pressureInHundredths({ p }: Bmp390Words, adc: number, linear: bigint): bigint {
  const [p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11] = p as readonly bigint[] & { length: 11 };
  const raw = BigInt(adc);
  const square = linear * linear;
  const cube = ((square / 64n) * linear) / 256n;
  const offset =
    p5! * 2n ** 47n + (p8! * cube) / 32n + p7! * square * 16n + p6! * linear * 4194304n;
  const slope =
    (p1! - 16384n) * 2n ** 46n +
    (p4! * cube) / 32n +
    p3! * square * 4n +
    (p2! - 16384n) * linear * 2097152n;
  const first = (slope / 16777216n) * raw;
  const second = ((((p10! * linear + 65536n * p9!) * raw) / 8192n) * raw) / 512n;
  const third = (((p11! * raw * raw) / 65536n) * raw) / 128n;
  return ((offset / 4n + first + second + third) * 25n) / 2n ** 40n;
}

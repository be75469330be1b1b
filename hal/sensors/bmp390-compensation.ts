/** The coefficients in floating point, with their names of the data sheet (BST-BMP390-DS002 §8). */
export interface Bmp390Trims {
  /** PAR_T1 to PAR_T3. */
  readonly t: readonly [number, number, number];
  /** PAR_P1 to PAR_P11. */
  readonly p: readonly number[];
}

/** 21 bytes from 0x31 (§3.11.1), scaled as in §8.4. */
export function parseBmp390Trims(bytes: Uint8Array): Bmp390Trims {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const u16 = (at: number) => view.getUint16(at, true);
  const s16 = (at: number) => view.getInt16(at, true);
  const s8 = (at: number) => view.getInt8(at);
  return {
    t: [u16(0) * 2 ** 8, u16(2) / 2 ** 30, s8(4) / 2 ** 48],
    p: [
      (s16(5) - 2 ** 14) / 2 ** 20,
      (s16(7) - 2 ** 14) / 2 ** 29,
      s8(9) / 2 ** 32,
      s8(10) / 2 ** 37,
      u16(11) * 2 ** 3,
      u16(13) / 2 ** 6,
      s8(15) / 2 ** 8,
      s8(16) / 2 ** 15,
      s16(17) / 2 ** 48,
      s8(19) / 2 ** 48,
      s8(20) / 2 ** 65,
    ],
  };
}

/** °C, from the 24-bit figure of the converter (§8.5). */
export function compensateBmp390Temperature({ t }: Bmp390Trims, adc: number): number {
  const [t1, t2, t3] = t;
  const off = adc - t1;
  return off * t2 + off * off * t3;
}

/** Pa, at that temperature in °C (§8.6). */
export function compensateBmp390Pressure({ p }: Bmp390Trims, adc: number, celsius: number): number {
  const [p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11] = p as readonly number[] & { length: 11 };
  const cubic = (a: number, b: number, c: number, d: number) =>
    a + celsius * (b + celsius * (c + celsius * d));
  const offset = cubic(p5!, p6!, p7!, p8!);
  const slope = cubic(p1!, p2!, p3!, p4!);
  return offset + adc * (slope + adc * (p9! + p10! * celsius + adc * p11!));
}

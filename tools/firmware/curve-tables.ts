/** Writes `hal/native/curve25519-tables.c`; a test makes its text again and compares. */
import { writeFileSync } from "node:fs";
import type { Point } from "../../protocol/crypto/curve25519/edwards.ts";
import {
  add,
  affineCached,
  BASE,
  cache,
  double,
} from "../../protocol/crypto/curve25519/edwards.ts";
import { canonical, invert, mul } from "../../protocol/crypto/curve25519/field.ts";

export const CURVE_TABLES = "hal/native/curve25519-tables.c";

const LIMBS = 8;
const TEETH_BELOW_THE_HIGHEST = 3;
const TOOTH_BITS = 8;
const COMB_ENTRIES = 1 << TEETH_BELOW_THE_HIGHEST;
const POINT_WORDS = 24;
const LIMB_WORDS = COMB_ENTRIES * POINT_WORDS;
const ODD_MULTIPLES = 32;
const WORDS_A_LINE = 10;

/** The multiples of the base point that the C adds, as its header orders them. */
export function curveTables(): string {
  return [
    "/* Made by `node tools/firmware/curve-tables.ts`. */",
    '#include "curve25519-tables.h"',
    "",
    "const uint32_t lkCombTable[COMB_LIMBS * POINT_WORDS * COMB_ENTRIES] = {",
    ...lines(sideBySide(words(combPoints()))),
    "};",
    "",
    "const uint32_t lkOddTable[(1 << (ODD_WIDTH - 2)) * POINT_WORDS] = {",
    ...lines(words(oddMultiples())),
    "};",
    "",
  ].join("\n");
}

function combPoints(): Point[] {
  const points: Point[] = [];
  let base = BASE;
  for (let limb = 0; limb < LIMBS; limb++) {
    const teeth = [];
    for (let tooth = 0; tooth < TEETH_BELOW_THE_HIGHEST; tooth++) {
      teeth.push(cache(base));
      base = doubled(base);
    }
    for (let entry = 0; entry < COMB_ENTRIES; entry++)
      points.push(
        teeth.reduce((sum, tooth, bit) => add(sum, tooth, (entry >> bit) % 2 === 0), base),
      );
    base = doubled(base);
  }
  return points;
}

function doubled(point: Point): Point {
  let result = point;
  for (let i = 0; i < TOOTH_BITS; i++) result = double(result);
  return result;
}

function oddMultiples(): Point[] {
  const twice = cache(double(BASE));
  const points = [BASE];
  while (points.length < ODD_MULTIPLES) points.push(add(points.at(-1)!, twice));
  return points;
}

function words(points: readonly Point[]): string[] {
  const half = invert(2n);
  return affineCached(points).flatMap(({ plus, minus, t2d }) =>
    [plus, minus, t2d].flatMap((value) => limbs(canonical(mul(value, half)))),
  );
}

/** Within each limb's entries first all of their words 0, then all of their words 1, and so on. */
function sideBySide(all: readonly string[]): string[] {
  return all.map((_, i) => {
    const [limb, within] = [Math.floor(i / LIMB_WORDS), i % LIMB_WORDS];
    const [word, entry] = [Math.floor(within / COMB_ENTRIES), within % COMB_ENTRIES];
    return all[limb * LIMB_WORDS + entry * POINT_WORDS + word]!;
  });
}

function lines(all: readonly string[]): string[] {
  const rows: string[] = [];
  for (let i = 0; i < all.length; i += WORDS_A_LINE)
    rows.push(`\t${all.slice(i, i + WORDS_A_LINE).join(",")},`);
  return rows;
}

function limbs(value: bigint): string[] {
  return Array.from({ length: 8 }, (_, i) => {
    const limb = (value >> BigInt(32 * i)) & 0xffff_ffffn;
    return `0x${limb.toString(16).padStart(8, "0")}`;
  });
}

if (import.meta.main)
  writeFileSync(new URL(`../../${CURVE_TABLES}`, import.meta.url), curveTables());

import { equal, P, sub } from "../../protocol/crypto/curve25519/field.ts";
import { type Check, truthCheck } from "./check.ts";

/** Lies in flash when this module is preloaded. */
const PRELOADED = Object.freeze({ big: (1n << 200n) + 5n, small: 7n });

/** The same numbers, made at run time; the shift comes from outside so that nothing is folded. */
function made(shift: number): { readonly big: bigint; readonly small: bigint } {
  return { big: (1n << BigInt(shift)) + 5n, small: BigInt(shift) - 193n };
}

/**
 * What the toolkit relies on in the engine, where engines have been found wrong. A failure here
 * means that the curves in JavaScript cannot be trusted on this engine.
 */
export function engineChecks(): readonly Check[] {
  return [
    truthCheck("BigInts of flash and heap compare by < and >", true, () => {
      const { big, small } = made(200);
      return !(PRELOADED.big < big) && !(PRELOADED.big > big) && !(small > PRELOADED.small);
    }),
    truthCheck("field elements of flash and heap are equal", true, () =>
      equal(PRELOADED.big, made(200).big),
    ),
    truthCheck("p of flash is zero in the field", true, () =>
      equal(P, sub(made(200).big, made(200).big)),
    ),
    truthCheck("BigInts are shifted and masked right", true, () => {
      const value = (made(200).big << 60n) >> 60n;
      return !(value < PRELOADED.big) && !(value > PRELOADED.big) && Number(value & 0xffn) === 5;
    }),
    truthCheck("views into a buffer keep their offset", true, () => {
      const bytes = Uint8Array.of(1, 2, 3, 4).subarray(1, 3).slice();
      return bytes.length === 2 && bytes[0] === 2;
    }),
  ];
}

/** A defect that is known, avoided in our code, and worth knowing of: is this engine free of it? */
export interface EngineDefect {
  readonly name: string;
  readonly present: boolean;
}

/** Defects of XS (docs/xs.md). Their presence is no failure: nothing here leans on them. */
export function engineDefects(): readonly EngineDefect[] {
  const { big } = made(200);
  return [
    { name: "=== between a BigInt of flash and one of the heap", present: PRELOADED.big !== big },
    {
      name: "a right shift of a negative BigInt",
      present: Number(-made(201).small >> 1n) !== -4,
    },
  ];
}

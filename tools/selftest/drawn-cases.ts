import type { PrimitiveCase } from "../../protocol/crypto/primitive-case.ts";
import { runPrimitive } from "../../protocol/crypto/primitive-case.ts";
import type { CryptoProvider } from "../../protocol/crypto/provider.ts";
import { concat } from "../../protocol/encoding/bytes.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { exactly, type JudgedCase } from "./wycheproof-cases.ts";

/** Around the blocks of SHA-256 and AES. */
const LENGTHS = Object.freeze([0, 1, 15, 16, 31, 32, 55, 56, 63, 64, 65, 119, 127, 128, 200, 600]);
const KEYS = 16;

/**
 * Cases for what Wycheproof has no suite for (hashing, signing, public keys, single blocks), drawn
 * from a counter, so that they are the same every time; what must come out says an implementation
 * that has nothing of ours.
 */
export function drawnCases(oracle: CryptoProvider): readonly JudgedCase[] {
  const draw = (label: string, length: number): Uint8Array => {
    const blocks = Array.from({ length: Math.ceil(length / 32) + 1 }, (_, i) =>
      oracle.sha256(toUtf8(`latchkey/selftest/${label}/${i}`)),
    );
    return concat(...blocks).slice(0, length);
  };
  const cases: PrimitiveCase[] = LENGTHS.flatMap((length): PrimitiveCase[] => {
    const message = draw("message", length);
    const seed = draw(`seed ${length}`, 32);
    return [
      { primitive: "sha256", args: [message] },
      { primitive: "hmac-sha256", args: [draw("hmac", length), message] },
      { primitive: "ed25519-sign", args: [seed, message] },
    ];
  });
  for (let i = 0; i < KEYS; i++) {
    const key = draw(`key ${i}`, 32);
    cases.push({ primitive: "ed25519-public", args: [key] });
    cases.push({ primitive: "x25519-public", args: [key] });
    const aes = i % 2 === 0 ? key : key.slice(0, 16);
    cases.push({ primitive: "aes-block", args: [aes, draw(`block ${i}`, 16)] });
  }
  return cases.map(({ primitive, args }, i) => ({
    ...exactly(primitive, args, runPrimitive(oracle, { primitive, args })),
    name: `drawn ${i + 1}`,
  }));
}

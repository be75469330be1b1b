import { refuseCertificates } from "../../server/application/passkeys.ts";
import { rejectsCode } from "../protocol/error-code.ts";

/** CBOR (RFC 8949 §3), as much as an attestation object needs. */
const text = (value: string): number[] => [0x60 + value.length, ...Buffer.from(value)];
const map = (...entries: number[][]): number[] => [0xa0 + entries.length, ...entries.flat()];

function attestation(format: string, statement: number[]): Uint8Array {
  const authData = [...text("authData"), 0x44, 1, 2, 3, 4];
  const fmt = [...text("fmt"), ...text(format)];
  return new Uint8Array(map(fmt, [...text("attStmt"), ...statement], authData));
}

describe("a passkey's attestation", () => {
  it("may say nothing, or be signed by the passkey itself", async () => {
    await refuseCertificates(attestation("none", map()));
    await refuseCertificates(attestation("packed", map([...text("alg"), 0x26])));
  });

  it("with certificates is refused before anybody reads them", async () => {
    const x5c = [...text("x5c"), 0x81, 0x41, 0x30];
    for (const [format, statement] of [
      ["packed", map(x5c)],
      ["apple", map(x5c)],
      ["android-key", map()],
      ["tpm", map()],
      ["fido-u2f", map()],
    ] as const)
      await rejectsCode(refuseCertificates(attestation(format, statement)), "signature-invalid");
  });

  it("that is no CBOR is refused", async () => {
    for (const bytes of [
      [],
      [0xff],
      [0xa1],
      [0xbf, 0x00],
      [0x9b, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0],
    ])
      await rejectsCode(refuseCertificates(new Uint8Array(bytes)), "signature-invalid");
  });
});

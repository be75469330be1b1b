/** Every published and drawn case on the real engine, against OpenSSL outside of it, bit by bit. */
import assert from "node:assert/strict";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { type Primitive, runPrimitive } from "../../protocol/crypto/primitive-case.ts";
import type { CryptoProvider } from "../../protocol/crypto/provider.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { portableOnNoble } from "../protocol/portable-provider.ts";
import { callHost } from "./shims/prelude.ts";

interface AskedCase {
  readonly name: string;
  readonly primitive: Primitive;
  readonly args: readonly string[];
  readonly answer: string;
}

const isOfCurves = ({ primitive }: AskedCase): boolean => /25519/.test(primitive);

describe("the primitives on XS", () => {
  const cases = callHost({ type: "call", name: "cases", argument: null }) as AskedCase[];

  function agree(crypto: CryptoProvider, some: readonly AskedCase[]): void {
    assert.ok(some.length >= 48, `${some.length}`);
    for (const { name, primitive, args, answer } of some) {
      const result = runPrimitive(crypto, { primitive, args: args.map((arg) => fromHex(arg)) });
      assert.equal(result === undefined ? "refused" : toHex(result), answer, name);
    }
  }

  it("hash, authenticate and seal as OpenSSL does", () => {
    agree(
      nobleCrypto,
      cases.filter((one) => !isOfCurves(one)),
    );
  });

  it("sign, verify and agree as OpenSSL does, with the curves written for XS", () => {
    agree(portableOnNoble, cases.filter(isOfCurves));
  });
});

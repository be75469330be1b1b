import assert from "node:assert/strict";
import { VectorBench } from "../../firmware/selftest/vector-bench.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import {
  encodeArguments,
  PRIMITIVES,
  type Primitive,
} from "../../protocol/crypto/primitive-case.ts";
import type { CryptoProvider } from "../../protocol/crypto/provider.ts";
import { crc32 } from "../../protocol/encoding/crc32.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";

const sumOf = (bytes: Uint8Array): string => crc32(bytes).toString(16).padStart(8, "0");

function ask(bench: VectorBench, primitive: Primitive, ...args: Uint8Array[]) {
  const bytes = encodeArguments(args);
  for (let at = 0; at < bytes.length; at += 50) bench.add(toHex(bytes.slice(at, at + 50)));
  return bench.run(primitive, sumOf(bytes));
}

describe("the bench for published cases", () => {
  it("runs a case that came in pieces (FIPS 180-4, abc)", () => {
    const bench = new VectorBench(nobleCrypto);
    assert.deepEqual(ask(bench, "sha256", toUtf8("abc")), {
      result: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    });
  });

  it("says null where a primitive refuses, and 01 or 00 for a verdict", () => {
    const bench = new VectorBench(nobleCrypto);
    const zeros = new Uint8Array(32);
    assert.deepEqual(ask(bench, "x25519", zeros.slice().fill(7), zeros), { result: null });
    const nonce = new Uint8Array(12);
    const forged = new Uint8Array(20);
    assert.deepEqual(ask(bench, "aes-gcm-open", zeros, nonce, zeros, forged), { result: null });
    const tooLong = Uint8Array.of(0, 0, 0x20, 0);
    assert.deepEqual(ask(bench, "hkdf-sha256", zeros, zeros, zeros, tooLong), { result: null });
    const key = nobleCrypto.ed25519PublicKey(zeros);
    const signature = nobleCrypto.ed25519Sign(zeros, forged);
    assert.deepEqual(ask(bench, "ed25519-verify", key, forged, signature), { result: "01" });
    assert.deepEqual(ask(bench, "ed25519-verify", key, zeros, signature), { result: "00" });
  });

  it("answers a long result by its hash, for a slow port", () => {
    const length = Uint8Array.of(0, 0, 2, 0);
    const key = Uint8Array.of(1);
    const answer = ask(new VectorBench(nobleCrypto), "hkdf-sha256", key, key, key, length);
    assert.ok("sha256" in answer);
    assert.equal(answer.length, 512);
    assert.match(answer.sha256, /^[0-9a-f]{64}$/);
  });

  it("forgets a case that is damaged, cut off, too long or of no primitive, and takes the next", () => {
    const bench = new VectorBench(nobleCrypto);
    const malformed = { code: "malformed" };
    bench.add("0003616263");
    assert.throws(() => bench.run("sha256", "00000000"), malformed);
    bench.add("0003616263");
    assert.throws(() => bench.run("seed", sumOf(fromHex("0003616263"))), malformed);
    bench.add("00036162");
    assert.throws(() => bench.run("sha256", sumOf(fromHex("00036162"))), malformed);
    assert.throws(() => bench.add("0g"), malformed);
    const full = "00".repeat(1024);
    bench.add(full);
    assert.deepEqual(bench.add(full), { bytes: 2048 });
    assert.throws(() => bench.add("00"), malformed);
    assert.throws(() => bench.run("toString", sumOf(new Uint8Array(0))), malformed);
    assert.ok("result" in ask(bench, "sha256", toUtf8("abc")));
  });

  it("gives nothing to a primitive but what was handed in: it is no oracle of the node", () => {
    const seen: Uint8Array[] = [];
    const watched = Object.fromEntries(
      Object.entries(nobleCrypto).map(([name, made]) => [
        name,
        typeof made !== "function"
          ? made
          : (...args: Uint8Array[]) => {
              seen.push(...args);
              return (made as (...args: Uint8Array[]) => unknown)(...args);
            },
      ]),
    ) as unknown as CryptoProvider;
    const bench = new VectorBench(watched);
    const args = [32, 32, 12, 16].map((length, i) => new Uint8Array(length).fill(i + 1));
    for (const primitive of PRIMITIVES) {
      // What is computed of the arguments in JavaScript (HKDF, CMAC) is a function of them too.
      if (primitive === "hkdf-sha256" || primitive === "aes-cmac") continue;
      seen.length = 0;
      ask(bench, primitive, ...args);
      const handed = args.map(toHex);
      for (const given of seen) assert.ok(handed.includes(toHex(given)), primitive);
    }
  });
});

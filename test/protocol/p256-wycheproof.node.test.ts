import assert from "node:assert/strict";
import { nobleHuman } from "../../protocol/crypto/noble-p256.ts";
import { portableVerifier } from "../../protocol/crypto/p256-verifier.ts";
import { fromHex } from "../../protocol/encoding/hex.ts";
import { nodeHuman } from "../../server/node-p256.ts";
import { readVectors } from "../support/vectors.ts";

type Test = { tcId: number; comment: string; msg: string; sig: string; result: string };
type File = {
  numberOfTests: number;
  testGroups: { publicKey: { uncompressed: string }; tests: Test[] }[];
};

for (const [name, crypto] of [
  ["noble", nobleHuman],
  ["our points alone", { ...nobleHuman, ...portableVerifier }],
  ["node:crypto", nodeHuman],
] as const)
  describe(`Wycheproof: ES256 of ${name}`, () => {
    it("agrees on all 262 vectors, high S included", function () {
      const file = readVectors(this, "wycheproof/ecdsa_secp256r1_sha256_p1363_test.json") as File;
      let [run, accepted] = [0, 0];
      for (const { publicKey, tests } of file.testGroups)
        for (const { tcId, comment, msg, sig, result } of tests) {
          const key = fromHex(publicKey.uncompressed);
          const verdict = crypto.p256Verify(key, fromHex(msg), fromHex(sig));
          assert.equal(verdict, result === "valid", `tcId ${tcId}: ${comment}`);
          run++;
          if (verdict) accepted++;
        }
      assert.deepEqual([run, accepted, file.numberOfTests], [262, 173, 262]);
    });

    it("takes no point off the curve, no compressed form and no odd length", () => {
      const good = crypto.p256PublicKey(new Uint8Array(32).fill(1));
      const off = good.slice();
      off[64] = off[64]! ^ 1;
      const compressed = good.slice(0, 33);
      compressed[0] = 2;
      const signature = crypto.p256Sign(new Uint8Array(32).fill(1), good);
      assert.equal(crypto.p256Verify(good, good, signature), true);
      for (const key of [off, compressed, new Uint8Array(65), new Uint8Array(0)]) {
        assert.equal(crypto.p256IsPublicKey(key), false);
        assert.equal(crypto.p256Verify(key, good, signature), false);
      }
      for (const length of [0, 63, 65, 72])
        assert.equal(crypto.p256Verify(good, good, new Uint8Array(length)), false);
    });

    it("takes no private key outside of 1 to n-1, and does not repeat it", () => {
      const n = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
      for (const key of [new Uint8Array(32), fromHex(n), new Uint8Array(31).fill(1)])
        for (const run of [() => crypto.p256PublicKey(key), () => crypto.p256Sign(key, key)])
          assert.throws(run, { name: "RangeError", message: "p256: not a private key" });
    });
  });

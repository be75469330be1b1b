import assert from "node:assert/strict";
import { aesCmac } from "../../protocol/crypto/cmac.ts";
import type { SymmetricCrypto } from "../../protocol/crypto/compose.ts";
import { constantTimeEqual } from "../../protocol/crypto/constant-time.ts";
import { hkdf } from "../../protocol/crypto/hkdf.ts";
import type { CryptoProvider } from "../../protocol/crypto/provider.ts";
import { concat } from "../../protocol/encoding/bytes.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { readVectors } from "../support/vectors.ts";

type Vector = Record<string, string | number> & { tcId: number; result: string };
type Group = { publicKey?: { pk: string }; keySize: number; ivSize: number; tagSize: number };
type File = { numberOfTests: number; testGroups: (Group & { tests: Vector[] })[] };

/** What became of a public suite. The counts are asserted, so that a change is noticed. */
interface Tally {
  /** Vectors that the primitive was run on. */
  run: number;
  /** Of these, those with a good result. */
  accepted: number;
  /** Vectors of parameters that the protocol does not use (key, nonce or tag sizes). */
  outside: number;
  /** `acceptable` in the suite, refused by us on purpose. */
  stricter: number;
}

const hex = (vector: Vector, name: string) => fromHex(String(vector[name]));

/** Runs every vector: `true`/`false` is the verdict, `undefined` means outside the protocol. */
function tally(
  context: Mocha.Context,
  name: string,
  verdict: (vector: Vector, group: Group) => boolean | undefined,
): Tally {
  const file = readVectors(context, `wycheproof/${name}_test.json`) as File;
  const counts: Tally = { run: 0, accepted: 0, outside: 0, stricter: 0 };
  for (const group of file.testGroups)
    for (const vector of group.tests) {
      const accepted = verdict(vector, group);
      if (accepted === undefined) counts.outside++;
      else counts.run++;
      if (accepted) counts.accepted++;
      if (accepted === false && vector.result === "acceptable") counts.stricter++;
      const expected = vector.result === "acceptable" ? accepted : vector.result === "valid";
      if (accepted !== undefined)
        assert.equal(accepted, expected, `${name} tcId ${vector.tcId}: ${vector["comment"]}`);
    }
  assert.equal(counts.run + counts.outside, file.numberOfTests);
  return counts;
}

/** Adds the tests of the hashes and ciphers. */
export function testSymmetric(crypto: SymmetricCrypto): void {
  it("AES-GCM: all vectors of our sizes", function () {
    const counts = tally(this, "aes_gcm", (vector, { keySize, ivSize, tagSize }) => {
      if (keySize === 192 || ivSize !== 96 || tagSize !== 128) return undefined;
      const [key, iv, aad, msg] = ["key", "iv", "aad", "msg"].map((name) => hex(vector, name));
      const sealed = concat(hex(vector, "ct"), hex(vector, "tag"));
      const opened = crypto.aesGcmOpen(key!, iv!, aad!, sealed);
      if (opened === undefined) return false;
      assert.deepEqual(opened, msg);
      assert.deepEqual(crypto.aesGcmSeal(key!, iv!, aad!, msg!), sealed);
      return true;
    });
    assert.deepEqual(counts, { run: 133, accepted: 79, outside: 183, stricter: 0 });
  });

  it("AES-CMAC: all vectors of our sizes", function () {
    const counts = tally(this, "aes_cmac", (vector, { keySize }) => {
      if (keySize !== 128 && keySize !== 256) return undefined;
      const tag = hex(vector, "tag");
      const mac = aesCmac(crypto, hex(vector, "key"), hex(vector, "msg"));
      return constantTimeEqual(mac.slice(0, tag.length), tag);
    });
    assert.deepEqual(counts, { run: 204, accepted: 42, outside: 107, stricter: 0 });
  });

  it("AES-CBC: all vectors of our sizes, the padding checked as PKCS #7", function () {
    const counts = tally(this, "aes_cbc_pkcs5", (vector, { keySize }) => {
      const cipher = hex(vector, "ct");
      if (keySize === 192) return undefined;
      if (cipher.length === 0 || cipher.length % 16 !== 0) return false;
      const padded = crypto.aesCbcDecrypt(hex(vector, "key"), hex(vector, "iv"), cipher);
      const size = padded.at(-1)!;
      if (size < 1 || size > 16 || padded.slice(-size).some((byte) => byte !== size)) return false;
      assert.deepEqual(padded.slice(0, -size), hex(vector, "msg"));
      assert.deepEqual(crypto.aesCbcEncrypt(hex(vector, "key"), hex(vector, "iv"), padded), cipher);
      return true;
    });
    assert.deepEqual(counts, { run: 144, accepted: 48, outside: 72, stricter: 0 });
  });

  it("HMAC-SHA-256: all vectors, truncated tags included", function () {
    const counts = tally(this, "hmac_sha256", (vector) => {
      const tag = hex(vector, "tag");
      const mac = crypto.hmacSha256(hex(vector, "key"), hex(vector, "msg"));
      return constantTimeEqual(mac.slice(0, tag.length), tag);
    });
    assert.deepEqual(counts, { run: 174, accepted: 66, outside: 0, stricter: 0 });
  });

  it("HKDF-SHA-256: all vectors; what is too long is refused", function () {
    const counts = tally(this, "hkdf_sha256", (vector) => {
      const [ikm, salt, info] = ["ikm", "salt", "info"].map((name) => hex(vector, name));
      try {
        const okm = hkdf(crypto, ikm!, salt!, info!, Number(vector["size"]));
        return toHex(okm) === vector["okm"];
      } catch (error) {
        assert.ok(error instanceof RangeError);
        return false;
      }
    });
    assert.deepEqual(counts, { run: 86, accepted: 83, outside: 0, stricter: 0 });
  });
}

/** Adds the tests of the curves. */
export function testCurves(crypto: Pick<CryptoProvider, "ed25519Verify" | "x25519">): void {
  it("Ed25519: all vectors", function () {
    const counts = tally(this, "ed25519", (vector, { publicKey }) =>
      crypto.ed25519Verify(fromHex(publicKey!.pk), hex(vector, "msg"), hex(vector, "sig")),
    );
    assert.deepEqual(counts, { run: 151, accepted: 88, outside: 0, stricter: 0 });
  });

  it("X25519: all vectors; an all-zero result is refused", function () {
    const counts = tally(this, "x25519", (vector) => {
      const shared = crypto.x25519(hex(vector, "private"), hex(vector, "public"));
      if (shared === undefined) {
        assert.equal(vector["shared"], "00".repeat(32));
        return false;
      }
      return toHex(shared) === vector["shared"];
    });
    assert.deepEqual(counts, { run: 518, accepted: 487, outside: 0, stricter: 31 });
  });
}

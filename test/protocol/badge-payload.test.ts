import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type BadgeMode,
  openPayload,
  PAYLOAD_LENGTH,
  payloadMode,
  sealPayload,
} from "../../protocol/badge/payload.ts";
import { nobleCrypto as crypto } from "../../protocol/crypto/noble.ts";
import type { CryptoProvider } from "../../protocol/crypto/provider.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { failsWith, failureOf, filled, flipBit } from "./nfc-expect.ts";

const seed = Uint8Array.from({ length: 32 }, (_, i) => i);
const df1 = filled(32, 0x11);
const df2 = filled(32, 0x22);
const iv = filled(16, 0x33);
const uid = fromHex("04968CAA5C5E80");
const nodePk = filled(32, 0x44);

// The values above, sealed by node:crypto as badge-payload.node.test.ts does it.
const GOLDEN_STD =
  "010133333333333333333333333333333333c76e1db9e530dec839ea5830c4cbeef1923e06e5" +
  "a63d083e45404b853d91deee4fd177e4a707c5fe1c9df337a941d8bc70b352077650276c7a19" +
  "9c2cdbaed9fe2222222222222222222222222222222222222222222222222222222222222222";
const GOLDEN_HS =
  "010233333333333333333333333333333333cb6fa6ffb1a9a909947b1e6616c55147003670ef" +
  "fd95f9f4a63cdb9140ab8d00e9509775ac7f33f83cef514db4688baf517d7cbfc3c633d193d0" +
  "a28377b09d312222222222222222222222222222222222222222222222222222222222222222";

function seal(mode: BadgeMode): Uint8Array {
  return sealPayload(crypto, { mode, seed, df1, df2, iv, uid, nodePk });
}

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
/** Decrypting is what no attacker may make a reader do. */
const neverDecrypts: CryptoProvider = {
  ...crypto,
  aesCbcDecrypt: () => {
    throw new Error("decrypted before the tag was checked");
  },
};

describe("a badge payload", () => {
  it("opens to the seed that was sealed, in both modes", () => {
    const parts = fc.tuple(bytes(32), bytes(32), bytes(32), bytes(16), bytes(7), bytes(32));
    fc.assert(
      fc.property(parts, fc.constantFrom<BadgeMode>("STD", "HS"), (random, mode) => {
        const [seed, df1, df2, iv, uid, nodePk] = random;
        const payload = sealPayload(crypto, { mode, seed, df1, df2, iv, uid, nodePk });
        assert.equal(payload.length, PAYLOAD_LENGTH);
        assert.equal(payloadMode(payload), mode);
        const opened = openPayload(crypto, payload, { df1, uid, nodePk });
        assert.deepEqual(opened.bytes, seed);
      }),
      { numRuns: 25 },
    );
  });

  it("has the bytes that an independent implementation gives it", () => {
    assert.equal(toHex(seal("STD")), GOLDEN_STD);
    assert.equal(toHex(seal("HS")), GOLDEN_HS);
  });

  it("gives a secret that does not print", () => {
    const opened = openPayload(crypto, seal("STD"), { df1, uid });
    assert.equal(JSON.stringify({ opened }), '{"opened":"[secret]"}');
  });

  it("copied to a chip with another UID does not open, whichever bit differs", () => {
    for (const mode of ["STD", "HS"] as const) {
      const payload = seal(mode);
      const code = mode === "HS" ? "mode-mismatch" : "badge-payload-invalid";
      for (let bit = 0; bit < 56; bit++)
        failsWith(code, () =>
          openPayload(crypto, payload, { df1, uid: flipBit(uid, bit), nodePk }),
        );
    }
  });

  it("of HS at another terminal is a mode-mismatch", () => {
    const payload = seal("HS");
    for (const other of [filled(32, 0x45), flipBit(nodePk, 255)])
      failsWith("mode-mismatch", () => openPayload(crypto, payload, { df1, uid, nodePk: other }));
    failsWith("mode-mismatch", () => openPayload(crypto, payload, { df1, uid }));
  });

  it("of HS does not open when someone writes STD on it, nor STD when someone writes HS", () => {
    const hs = seal("HS");
    hs[1] = 1;
    failsWith("badge-payload-invalid", () => openPayload(crypto, hs, { df1, uid, nodePk }));
    const std = seal("STD");
    std[1] = 2;
    failsWith("mode-mismatch", () => openPayload(crypto, std, { df1, uid, nodePk }));
  });

  it("of another tenant does not open", () => {
    const payload = seal("STD");
    failsWith("badge-payload-invalid", () =>
      openPayload(crypto, payload, { df1: flipBit(df1, 0), uid }),
    );
  });

  it("with any of its 912 bits flipped does not open, and nothing is decrypted", () => {
    const payload = seal("STD");
    for (let bit = 0; bit < PAYLOAD_LENGTH * 8; bit++) {
      const code = bit < 8 ? "unsupported-version" : "badge-payload-invalid";
      const flipped = flipBit(payload, bit);
      const failure = failureOf(() => openPayload(neverDecrypts, flipped, { df1, uid }));
      assert.equal(failure, code, `bit ${bit}`);
    }
  });

  it("of HS with a bit flipped in any byte does not open either", () => {
    const payload = seal("HS");
    for (let at = 2; at < PAYLOAD_LENGTH; at++) {
      const flipped = flipBit(payload, at * 8 + (at % 8));
      failsWith("mode-mismatch", () => openPayload(neverDecrypts, flipped, { df1, uid, nodePk }));
    }
  });

  it("of any other length, or of random bytes, does not open", () => {
    for (let length = 0; length < 240; length++) {
      if (length === PAYLOAD_LENGTH) continue;
      failsWith("badge-payload-invalid", () =>
        openPayload(neverDecrypts, new Uint8Array(length), { df1, uid }),
      );
    }
    fc.assert(
      fc.property(bytes(PAYLOAD_LENGTH), fc.integer({ min: 0, max: 3 }), (payload, mode) => {
        payload[0] = 1;
        payload[1] = mode;
        const code = failureOf(() => openPayload(neverDecrypts, payload, { df1, uid, nodePk }));
        assert.equal(code, mode === 2 ? "mode-mismatch" : "badge-payload-invalid");
      }),
      { numRuns: 50 },
    );
  });

  it("of another version says so, before anything else is looked at", () => {
    for (const version of [0, 2, 255]) {
      const payload = seal("STD");
      payload[0] = version;
      failsWith("unsupported-version", () => openPayload(crypto, payload, { df1, uid }));
    }
  });

  it("read from a card without a 7-byte UID does not open", () => {
    const payload = seal("STD");
    for (const length of [0, 4, 10])
      failsWith("badge-payload-invalid", () =>
        openPayload(crypto, payload, { df1, uid: filled(length, 4) }),
      );
  });

  it("whose padding is wrong under a right tag does not open", () => {
    const bad = { ...crypto, aesCbcDecrypt: () => new Uint8Array(48).fill(16, 0, 47) };
    failsWith("badge-payload-invalid", () => openPayload(bad, seal("STD"), { df1, uid }));
  });

  it("cannot be sealed with keys of a wrong length, nor HS without a reader", () => {
    const input = { mode: "STD", seed, df1, df2, iv, uid } as const;
    const short = filled(15, 0);
    for (const name of ["seed", "df1", "df2", "iv", "uid"])
      assert.throws(() => sealPayload(crypto, { ...input, [name]: short }), RangeError);
    assert.throws(() => sealPayload(crypto, { ...input, mode: "HS" }), RangeError);
    const nodePk = short;
    assert.throws(() => sealPayload(crypto, { ...input, mode: "HS", nodePk }), RangeError);
  });
});

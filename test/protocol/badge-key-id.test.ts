import assert from "node:assert/strict";
import { badgeKey, badgeKeyFor, badgeKeyId, KEY_ID_BYTES } from "../../protocol/badge/key-id.ts";
import { nobleCrypto as crypto } from "../../protocol/crypto/noble.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { failsWith, filled, flipBit } from "./nfc-expect.ts";

const key = (byte: number) => badgeKey(crypto, new Secret(filled(32, byte)));

describe("the key identifier of a badge", () => {
  it("has the bytes that node:crypto gives it", () => {
    // hkdfSync("sha256", Buffer.alloc(32, 0x11), "", "latchkey/v1/badge/key-id", 3)
    assert.equal(toHex(badgeKeyId(crypto, filled(32, 0x11))), "9d2b60");
    assert.equal(badgeKeyId(crypto, filled(32, 0x11)).length, KEY_ID_BYTES);
  });

  it("changes with any bit of the key", () => {
    const df1 = filled(32, 0x11);
    const ids = new Set([toHex(badgeKeyId(crypto, df1))]);
    for (let bit = 0; bit < 256; bit += 7) ids.add(toHex(badgeKeyId(crypto, flipBit(df1, bit))));
    assert.equal(ids.size, 1 + Math.ceil(256 / 7));
  });

  it("finds the key among those that a reader holds, so that a tenant may change its own", () => {
    const [old, fresh] = [key(1), key(2)];
    assert.equal(badgeKeyFor([old, fresh], badgeKeyId(crypto, filled(32, 2))), fresh);
    assert.equal(badgeKeyFor([old, fresh], badgeKeyId(crypto, filled(32, 1))), old);
  });

  it("of a key that the reader does not hold is a tenant-mismatch, whatever its form", () => {
    const held = [key(1), key(2)];
    for (const id of [key(3).id, flipBit(held[0]!.id, 5), filled(2, 0), new Uint8Array(0)])
      failsWith("tenant-mismatch", () => badgeKeyFor(held, id));
    failsWith("tenant-mismatch", () => badgeKeyFor([], held[0]!.id));
  });
});

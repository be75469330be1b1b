import assert from "node:assert/strict";
import {
  type BadgeAuthFields,
  badgeAuthTranscript,
  signBadgeAuth,
  verifyBadgeAuth,
} from "../../protocol/badge/auth.ts";
import { openPayload, sealPayload } from "../../protocol/badge/payload.ts";
import { nobleCrypto as crypto } from "../../protocol/crypto/noble.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { filled, flipBit } from "./nfc-expect.ts";

const fields: BadgeAuthFields = {
  tenantId: "11111111-1111-4111-8111-111111111111",
  nodeUid: "22222222-2222-4222-8222-222222222222",
  badgeUid: fromHex("04968CAA5C5E80"),
  challengeId: "33333333-3333-4333-8333-333333333333",
  nonce: filled(32, 0x44),
};
const seed = filled(32, 7);
const badgePk = crypto.ed25519PublicKey(seed);

describe("a badge's answer to a challenge", () => {
  it("signs domain, tenant, node, badge, challenge and nonce, each with its length", () => {
    const ascii = (text: string) =>
      Array.from(text, (char) => char.charCodeAt(0).toString(16)).join("");
    const expected = [
      `00000016${ascii("latchkey/v1/badge-auth")}`,
      `00000024${ascii(fields.tenantId)}`,
      `00000024${ascii(fields.nodeUid)}`,
      "0000000704968caa5c5e80",
      `00000024${ascii(fields.challengeId)}`,
      `00000020${"44".repeat(32)}`,
    ];
    assert.equal(toHex(badgeAuthTranscript(fields)), expected.join(""));
  });

  it("made with the seed from the payload verifies under the badge's public key", () => {
    const df1 = filled(32, 1);
    const uid = fields.badgeUid;
    const sealing = { mode: "STD", seed, df1, df2: filled(32, 2), iv: filled(16, 3), uid } as const;
    const opened = openPayload(crypto, sealPayload(crypto, sealing), { df1, uid });
    const signature = signBadgeAuth(crypto, opened, fields);
    opened.wipe();
    assert.equal(verifyBadgeAuth(crypto, badgePk, fields, signature), true);
  });

  it("is good for this tenant, node, badge, challenge and nonce only", () => {
    const signature = signBadgeAuth(crypto, new Secret(seed.slice()), fields);
    const others: Partial<BadgeAuthFields>[] = [
      { tenantId: fields.nodeUid },
      { nodeUid: fields.tenantId },
      { badgeUid: flipBit(fields.badgeUid, 55) },
      { challengeId: fields.tenantId },
      { nonce: flipBit(fields.nonce, 0) },
    ];
    for (const other of others)
      assert.equal(verifyBadgeAuth(crypto, badgePk, { ...fields, ...other }, signature), false);
    const stranger = crypto.ed25519PublicKey(filled(32, 8));
    assert.equal(verifyBadgeAuth(crypto, stranger, fields, signature), false);
    assert.equal(verifyBadgeAuth(crypto, badgePk, fields, signature.slice(1)), false);
    assert.equal(verifyBadgeAuth(crypto, badgePk, fields, flipBit(signature, 300)), false);
  });
});

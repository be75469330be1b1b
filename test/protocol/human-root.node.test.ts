/** Each root costs PBKDF2's 2048 rounds: seconds on XS, where one is derived all the same. */
import assert from "node:assert/strict";
import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { mnemonicSeed } from "../../protocol/human/mnemonic.ts";
import { type RootIdentity, withRoot } from "../../protocol/human/root-identity.ts";
import { parseCertificate } from "../../protocol/human/x509/certificate.ts";
import { ALICE, ALICE_ID, BOB } from "./human-words.ts";

describe("a mnemonic's seed", () => {
  it("is another with another passphrase, in one Unicode form", () => {
    const seed = (passphrase?: string) => toHex(mnemonicSeed(ALICE, passphrase).bytes);
    assert.notEqual(seed(), seed("x"));
    assert.equal(seed(), seed(""));
    assert.equal(seed("caf\u00e9"), seed("cafe\u0301"));
  });
});

describe("a root identity", () => {
  const root = <T>(mnemonic: string, use: (root: RootIdentity) => T, passphrase = ""): T =>
    withRoot(crypto, { mnemonic, passphrase }, use);

  it("is the same to the byte from the same words, whoever types them", () => {
    const first = root(ALICE, (lent) => toHex(lent.certificate()));
    const again = root(ALICE.toUpperCase(), (lent) => toHex(lent.certificate()));
    assert.equal(first, again);
    assert.equal(
      root(ALICE, ({ id }) => id),
      ALICE_ID,
    );
    assert.equal(
      toHex(crypto.sha256(root(ALICE, (lent) => lent.certificate()))),
      "d9559bba0947c5b262b8c9bdaec2564c532e0ca2e29822c99fc6e0fcd2647f96",
    );
  });

  it("is another with other words or another passphrase", () => {
    const ids = [
      root(ALICE, ({ id }) => id),
      root(BOB, ({ id }) => id),
      root(ALICE, ({ id }) => id, "hunter2"),
    ];
    assert.equal(new Set(ids).size, 3);
  });

  it("has a certificate of a CA that may have no CA below it", () => {
    const parsed = parseCertificate(
      crypto,
      root(ALICE, (lent) => lent.certificate()),
    );
    assert.equal(parsed.isCa, true);
    assert.equal(parsed.pathLength, 0);
    assert.equal(parsed.keyUsage, 0x06);
    assert.equal(crypto.p256Verify(parsed.publicKey, parsed.toBeSigned, parsed.signature), true);
  });

  it("is of no use after its callback, however that ended", () => {
    const kept: RootIdentity[] = [];
    root(ALICE, (lent) => kept.push(lent));
    assert.throws(
      () =>
        root(BOB, (lent) => {
          kept.push(lent);
          throw new RangeError("the caller's own");
        }),
      RangeError,
    );
    assert.throws(() => root(BOB, (lent) => Promise.resolve(kept.push(lent))), /must not wait/);
    assert.equal(kept.length, 3);
    for (const lent of kept) {
      assert.throws(() => lent.certificate(), /wiped/);
      assert.throws(() => lent.pairwiseSecret(), /wiped/);
    }
  });

  it("shows no key to whoever prints it", () => {
    const printed = root(ALICE, (lent) => {
      const secret = lent.pairwiseSecret();
      return JSON.stringify([lent, secret, secret.secret]) + String(lent) + String(secret);
    });
    assert.match(printed, /secret/);
    assert.ok(!/[0-9a-f]{32}/.test(printed));
  });
});

import assert from "node:assert/strict";
import { nobleHuman } from "../../protocol/crypto/noble-p256.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { checkDevice, parseRoot } from "../../protocol/human/device.ts";
import { makeCsr } from "../../protocol/human/x509/csr.ts";
import { generateHumanKey, type HumanKeyPair, humanKeyOf } from "../../sdk/human-key.ts";
import { rejectsCode } from "../protocol/error-code.ts";
import { check, issue, present } from "../protocol/human-agency.ts";
import { family, HOUR, lend, NOW } from "../protocol/human-family.ts";

describe("a key of a person's device in WebCrypto", () => {
  it("signs what our verifiers take, and cannot be read", async () => {
    const pair = await generateHumanKey();
    const { publicKey, sign } = await humanKeyOf(pair);
    const message = toUtf8("message");
    // WebCrypto's signatures are not deterministic, and half of them have a high S.
    for (let i = 0; i < 20; i++)
      assert.ok(nobleHuman.p256Verify(publicKey, message, await sign(message)));
    await assert.rejects(crypto.subtle.exportKey("pkcs8", pair.privateKey));
    await assert.rejects(crypto.subtle.exportKey("jwk", pair.privateKey));
    assert.ok(!JSON.stringify(pair).includes("d"));
  });

  it("is delegated to by the root, and presents a credential", async () => {
    const key = await humanKeyOf(await generateHumanKey());
    const csr = await makeCsr(key.publicKey, key.sign);
    const us = await family();
    const device = lend((root) => root.delegateDevice(csr, "browser", { notBefore: NOW - HOUR }));
    const root = parseRoot(nobleHuman, us.root, us.rootId);
    const evidence = { root, device, revoker: us.revoker, crl: await us.crl(), nowUnix: NOW };
    assert.deepEqual(checkDevice(nobleHuman, evidence).publicKey, key.publicKey);
    const sdJwt = await issue({ holderKey: key.publicKey });
    const holder = { ...key, privateKey: new Uint8Array(32) };
    assert.equal(check(await present(sdJwt, [["role"]], holder)).claims["role"], "engineer");
  });

  it("is refused when somebody has laid another one into the store", async () => {
    const pair = (algorithm: object, extractable: boolean, usages: string[]) =>
      crypto.subtle.generateKey(algorithm as never, extractable, usages as never);
    const p256 = { name: "ECDSA", namedCurve: "P-256" };
    for (const laid of [
      await pair(p256, true, ["sign", "verify"]),
      await pair({ name: "ECDSA", namedCurve: "P-384" }, false, ["sign", "verify"]),
      await pair({ name: "ECDH", namedCurve: "P-256" }, false, ["deriveBits"]),
    ])
      await rejectsCode(humanKeyOf(laid as unknown as HumanKeyPair), "storage-corrupt");
  });
});

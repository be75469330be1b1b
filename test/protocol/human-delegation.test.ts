import assert from "node:assert/strict";
import fc from "fast-check";
import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import { didDocument, signDelegation, verifyDelegation } from "../../protocol/human/delegation.ts";
import { p256Jwk } from "../../protocol/human/jose/p256-jwk.ts";
import {
  didOf,
  type PairwiseContext,
  PairwiseSecret,
} from "../../protocol/human/pairwise-secret.ts";
import { throwsCode } from "./error-code.ts";
import { HOUR, NOW, testKey } from "./human-family.ts";
import { jwsOf } from "./human-issuer.ts";

const alice = new PairwiseSecret(crypto, new Uint8Array(32).fill(1));
const bank: PairwiseContext = { persona: "personal", sector: "bank.example", generation: 0 };
const device = testKey(1);
const times = { issuedAt: NOW, expiresAt: NOW + HOUR };

const sign = (context = bank) =>
  signDelegation(alice, context, { deviceKey: device.publicKey, ...times });
const verify = (token: string, nowUnix = NOW) => verifyDelegation(crypto, token, nowUnix);
const refused = (token: string, nowUnix = NOW) =>
  throwsCode(() => verify(token, nowUnix), "delegation-invalid");

describe("a device's right to speak for an identifier", () => {
  it("is stated by the key that the identifier names", async () => {
    const did = alice.did(bank);
    assert.deepEqual(verify(await sign()), { did, deviceKey: device.publicKey, ...times });
  });

  it("lasts as long as the statement says", async () => {
    const token = await sign();
    verify(token, NOW - 60);
    verify(token, NOW + HOUR - 1);
    refused(token, NOW - 61);
    refused(token, NOW + HOUR);
  });

  it("for one verifier says nothing at another", async () => {
    const shop = { ...bank, sector: "shop.example" };
    assert.equal(verify(await sign(shop)).did, alice.did(shop));
    assert.notEqual(alice.did(shop), alice.did(bank));
  });

  it("is stated by nobody else, nor in another form", () => {
    const thief = testKey(2);
    const own = p256Jwk(alice.publicKey(bank));
    const header = { alg: "ES256", typ: "lastid-delegation+jwt" };
    const payload = {
      iss: alice.did(bank),
      ...{ iat: NOW, exp: NOW + HOUR, cnf: { jwk: p256Jwk(device.publicKey) } },
    };
    const wrong: [object, object][] = [
      [{ ...header, jwk: own }, payload],
      [{ ...header, jwk: p256Jwk(thief.publicKey) }, payload],
      [header, payload],
      [{ ...header, jwk: { ...own, d: "AA" } }, payload],
    ];
    for (const [head, body] of wrong) refused(jwsOf(head, body, thief));
    const mine = { ...header, jwk: p256Jwk(thief.publicKey) };
    refused(jwsOf(mine, { ...payload, iss: "x" }, thief));
    const good = { ...payload, iss: didOf(crypto, thief.publicKey) };
    verify(jwsOf(mine, good, thief));
    for (const change of [
      { iss: undefined },
      { exp: undefined },
      { exp: String(NOW + 9) },
      { iat: undefined },
      { cnf: undefined },
      { cnf: { jwk: { kty: "EC" } } },
    ])
      refused(jwsOf(mine, { ...good, ...change }, thief));
    for (const change of [{ typ: "JWT" }, { alg: "none" }, { crit: ["x"] }])
      refused(jwsOf({ ...mine, ...change }, good, thief));
  });

  it("with any character changed is refused", async () => {
    const token = await sign();
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.constantFrom(..."AZaz09-_.~"), (at, character) => {
        const changed = token.slice(0, at) + character + token.slice(at + 1);
        if (changed !== token) refused(changed);
      }),
      { numRuns: 30 },
    );
  });
});

describe("the document of an identifier", () => {
  it("has the live device keys and nothing else", () => {
    const did = alice.did(bank);
    const document = didDocument(crypto, did, [device.publicKey, testKey(2).publicKey]);
    const methods = document["verificationMethod"] as { id: string; publicKeyJwk: object }[];
    assert.deepEqual(
      methods.map(({ publicKeyJwk }) => publicKeyJwk),
      [p256Jwk(device.publicKey), p256Jwk(testKey(2).publicKey)],
    );
    assert.deepEqual(
      document["authentication"],
      methods.map(({ id }) => id),
    );
    const controller = p256Jwk(alice.publicKey(bank));
    assert.ok(!JSON.stringify(document).includes(String(controller["x"])));
  });

  it("of one whose devices are all revoked has no key", () => {
    const { verificationMethod, authentication } = didDocument(crypto, alice.did(bank), []);
    assert.deepEqual([verificationMethod, authentication], [[], []]);
  });
});

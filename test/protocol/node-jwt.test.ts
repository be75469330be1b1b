import assert from "node:assert/strict";
import fc from "fast-check";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { toBase64Url } from "../../protocol/encoding/base64.ts";
import { fromHex } from "../../protocol/encoding/hex.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { keyId, publicJwk } from "../../protocol/node/jwk.ts";
import { signJwt, type TokenClaims, verifyJwt } from "../../protocol/node/jwt.ts";
import { parses, throwsCode } from "./error-code.ts";
import { toyCrypto as crypto } from "./toy-crypto.ts";

const NODE = "3f2c9a52-7a5b-4c7e-9d1f-0a1b2c3d4e5f";
const TENANT = "00000000-0000-4000-8000-00000000000a";
const SESSION = "00000000-0000-4000-8000-00000000000b";
const claims: TokenClaims = {
  sub: NODE,
  tid: TENANT,
  typ: "reader",
  sid: SESSION,
  iat: 1000,
  exp: 1900,
};
const seed = new Uint8Array(32).fill(4);
const publicKey = crypto.ed25519PublicKey(seed);
const keyById = (kid: string) => (kid === "k1" ? publicKey : undefined);
const token = signJwt(crypto, seed, claims, "k1");
const verify = (text: string, now = 1500, ahead?: number) =>
  verifyJwt(crypto, text, keyById, now, ahead);

/** A token of any header and payload, with a good signature. */
function forge(header: unknown, payload: unknown): string {
  const part = (value: unknown) =>
    toBase64Url(toUtf8(typeof value === "string" ? value : JSON.stringify(value)));
  const signed = `${part(header)}.${part(payload)}`;
  return `${signed}.${toBase64Url(crypto.ed25519Sign(seed, toUtf8(signed)))}`;
}

describe("an access token", () => {
  it("gives its claims to whoever knows the key", () => {
    assert.deepEqual({ ...verify(token) }, claims);
    assert.deepEqual(
      { ...verify(forge({ kid: "k1", typ: "JWT", alg: "EdDSA" }, { ...claims, extra: 1 })) },
      claims,
    );
  });

  it("is good from its issue to the second before its end", () => {
    throwsCode(() => verify(token, 999), "token-invalid");
    verify(token, 970, 30);
    throwsCode(() => verify(token, 969, 30), "token-invalid");
    verify(token, 1000);
    verify(token, 1899);
    throwsCode(() => verify(token, 1900), "token-expired");
  });

  it("counts for nothing with another algorithm, type or key, or an extension", () => {
    const header = { alg: "EdDSA", typ: "JWT", kid: "k1" };
    const others = [
      { ...header, alg: "none" },
      { ...header, alg: "HS256" },
      { ...header, alg: "eddsa" },
      { ...header, alg: ["EdDSA"] },
      { ...header, typ: "at+jwt" },
      { ...header, kid: "k2" },
      { ...header, kid: 1 },
      { ...header, crit: [] },
      { alg: "EdDSA", kid: "k1" },
      [],
      "EdDSA",
      "",
    ];
    for (const other of others) throwsCode(() => verify(forge(other, claims)), "token-invalid");
  });

  it("signed by another key counts for nothing, nor does one without signature", () => {
    const stranger = signJwt(crypto, new Uint8Array(32).fill(5), claims, "k1");
    throwsCode(() => verify(stranger), "token-invalid");
    const [header, payload] = token.split(".");
    for (const signature of ["", "AAAA", toBase64Url(new Uint8Array(64))])
      throwsCode(() => verify(`${header}.${payload}.${signature}`), "token-invalid");
  });

  it("must have each of its claims in the right form", () => {
    const header = { alg: "EdDSA", typ: "JWT", kid: "k1" };
    for (const claim of Object.keys(claims))
      for (const wrong of [undefined, null, "", -1, {}, "NOT A UUID"])
        throwsCode(() => verify(forge(header, { ...claims, [claim]: wrong })), "token-invalid");
  });

  it("has one spelling", () => {
    const parts = token.split(".");
    const padded = parts.map((part) => `${part}=`);
    const doubled = [
      `${token}.`,
      `.${token}`,
      ` ${token}`,
      `${token}\n`,
      parts.slice(0, 2).join("."),
      padded.join("."),
    ];
    for (const other of doubled) throwsCode(() => verify(other), "token-invalid");
    const standard = token.replaceAll("-", "+").replaceAll("_", "/");
    if (standard !== token) throwsCode(() => verify(standard), "token-invalid");
    throwsCode(() => verify(token + "A".repeat(2048)), "token-invalid");
  });

  it("with any character changed counts for nothing", () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.= ";
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.constantFrom(...alphabet), (at, character) => {
        const changed = token.slice(0, at) + character + token.slice(at + 1);
        if (changed !== token) throwsCode(() => verify(changed), "token-invalid");
      }),
    );
  });

  it("made of anything else counts for nothing", () => {
    const text = fc.array(fc.string({ maxLength: 20 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(text, (parts) =>
        assert.equal(
          parses(() => verify(parts.join(".")), "token-invalid"),
          false,
        ),
      ),
    );
  });
});

describe("a key's name", () => {
  it("is the thumbprint of RFC 8037 appendix A.3", () => {
    const key = fromHex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    assert.equal(keyId(nobleCrypto, key), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    assert.deepEqual(publicJwk(nobleCrypto, key), {
      kty: "OKP",
      crv: "Ed25519",
      x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
      use: "sig",
      alg: "EdDSA",
      kid: "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
    });
  });
});

import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { inspect } from "node:util";
import { nobleCrypto as crypto } from "../../protocol/crypto/noble.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { publicJwk } from "../../protocol/node/jwk.ts";
import { signJwt } from "../../protocol/node/jwt.ts";
import { NODE_KEY_NAME } from "../../protocol/node/node-key.ts";
import { Bench } from "./fake-platform.ts";

describe("an access token, to other software,", () => {
  it("is an ordinary JWT: node:crypto verifies it with the published JWK", () => {
    const seed = new Uint8Array(32).fill(6);
    const uuid = "3f2c9a52-7a5b-4c7e-9d1f-0a1b2c3d4e5f";
    const claims = { sub: uuid, tid: uuid, typ: "reader", sid: uuid, iat: 1, exp: 2 };
    const token = signJwt(crypto, seed, claims, "k");
    const [header, payload, signature] = token.split(".") as [string, string, string];
    const jwk = publicJwk(crypto, crypto.ed25519PublicKey(seed)) as Record<string, string>;
    const key = createPublicKey({ key: jwk, format: "jwk" });
    const signed = Buffer.from(`${header}.${payload}`);
    assert.equal(verify(null, signed, key, Buffer.from(signature, "base64url")), true);
    assert.deepEqual(JSON.parse(Buffer.from(payload, "base64url").toString()), claims);
    const expected = { alg: "EdDSA", typ: "JWT", kid: "k" };
    assert.deepEqual(JSON.parse(Buffer.from(header, "base64url").toString()), expected);
  });
});

describe("inspection by the runtime", () => {
  const deep = { depth: 20, showHidden: true, maxArrayLength: null } as const;

  it("shows no secret", () => {
    const bytes = new Uint8Array(32).fill(0xa7);
    const text = inspect(new Secret(bytes), deep);
    assert.equal(text.includes("167") || text.includes("a7"), false, text);
  });

  it("of a node shows neither its key nor those of its session", async () => {
    const bench = new Bench();
    const identity = bench.node();
    await bench.time.settle(identity.postEncrypted({ n: 1 }));
    const text = inspect(identity, deep);
    const seed = bench.storage.values.get(NODE_KEY_NAME)!;
    const session = [...bench.server.sessions.values()][0]!;
    for (const secret of [seed, session.keys.up.key.bytes])
      for (const spelling of [toHex(secret), secret.join(", ").slice(0, 40)])
        assert.equal(text.includes(spelling), false);
    identity.close();
  });
});

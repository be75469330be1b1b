import assert from "node:assert/strict";
import { createDecipheriv, scryptSync } from "node:crypto";
import { Secret } from "../../protocol/crypto/secret.ts";
import { unwrapSeed, wrapSeed } from "../../tools/authority/wrapped-seed.ts";
import { throwsCode } from "../protocol/error-code.ts";

const SEED = Uint8Array.from({ length: 32 }, (_, i) => i);
const PASSPHRASE = "grün wie die Wiese";
const wrapped = () =>
  wrapSeed(new Secret(SEED.slice()), PASSPHRASE, { address: "MxG08", cost: 2 ** 14 });
const changed = (changes: object) => JSON.stringify({ ...JSON.parse(wrapped()), ...changes });

describe("a wrapped seed", () => {
  it("opens with its passphrase, and says whose it is", () => {
    const { seed, address } = unwrapSeed(wrapped(), PASSPHRASE);
    assert.deepEqual(seed.bytes, SEED);
    assert.equal(address, "MxG08");
  });

  it("opens for whoever follows RFC 7914 and SP 800-38D by hand", () => {
    const file = JSON.parse(wrapped()) as Record<string, string>;
    const bytes = (name: string) => Buffer.from(file[name]!, "base64url");
    const header = ["format", "address", "kdf", "cost", "salt", "nonce"].map((name) => file[name]);
    const options = { N: 2 ** 14, r: 8, p: 1 };
    const key = scryptSync(PASSPHRASE.normalize("NFKC"), bytes("salt"), 32, options);
    const cipher = createDecipheriv("aes-256-gcm", key, bytes("nonce"));
    cipher.setAAD(Buffer.from(JSON.stringify(header)));
    cipher.setAuthTag(bytes("seed").subarray(32));
    const seed = Buffer.concat([cipher.update(bytes("seed").subarray(0, 32)), cipher.final()]);
    assert.deepEqual(new Uint8Array(seed), SEED);
  });

  it("opens with the same letters in other code points", () => {
    assert.deepEqual(unwrapSeed(wrapped(), PASSPHRASE.normalize("NFD")).seed.bytes, SEED);
  });

  it("has another salt and nonce each time, and no seed in it", () => {
    const [one, two] = [wrapped(), wrapped()].map((text) => JSON.parse(text));
    assert.notEqual(one.salt, two.salt);
    assert.notEqual(one.nonce, two.nonce);
    assert.ok(!wrapped().includes(Buffer.from(SEED).toString("base64url")));
  });

  it("does not open with another passphrase", () => {
    throwsCode(() => unwrapSeed(wrapped(), `${PASSPHRASE} `), "passphrase-wrong");
    throwsCode(() => unwrapSeed(wrapped(), ""), "passphrase-wrong");
  });

  it("does not open once anything in the file was changed", () => {
    const other = JSON.parse(wrapped()) as Record<string, string>;
    for (const name of ["salt", "nonce", "seed"])
      throwsCode(
        () => unwrapSeed(changed({ [name]: other[name] }), PASSPHRASE),
        "passphrase-wrong",
      );
    throwsCode(() => unwrapSeed(changed({ address: "MxG09" }), PASSPHRASE), "passphrase-wrong");
    throwsCode(() => unwrapSeed(changed({ cost: 2 ** 15 }), PASSPHRASE), "passphrase-wrong");
  });

  it("that is cheap to guess, takes all memory or is no key file is refused before any work", () => {
    for (const cost of [2, 2 ** 13, 2 ** 14 + 1, 2 ** 21, 2 ** 52, -1, 1.5, "16384", null])
      throwsCode(() => unwrapSeed(changed({ cost }), PASSPHRASE), "malformed");
    throwsCode(() => unwrapSeed(changed({ kdf: "pbkdf2" }), PASSPHRASE), "malformed");
    throwsCode(() => unwrapSeed(changed({ seed: "AAAA" }), PASSPHRASE), "malformed");
    throwsCode(() => unwrapSeed(changed({ format: "x" }), PASSPHRASE), "unsupported-version");
    for (const text of ["", "{}", "[]", "null", wrapped().slice(0, 100)])
      throwsCode(() => unwrapSeed(text, PASSPHRASE), "malformed");
  });
});

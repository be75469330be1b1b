/** The published vectors of the layers under human identity: words, keys, signatures. */
import assert from "node:assert/strict";
import { p256 } from "@noble/curves/nist.js";
import { hkdf } from "../../protocol/crypto/hkdf.ts";
import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import { fromBase64, toBase64Url } from "../../protocol/encoding/base64.ts";
import { concat } from "../../protocol/encoding/bytes.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { fromUtf8, toUtf8 } from "../../protocol/encoding/utf8.ts";
import { strictBase64Url, textIn } from "../../protocol/human/jose/compact-jws.ts";
import { p256Thumbprint, parseP256Jwk } from "../../protocol/human/jose/p256-jwk.ts";
import { mnemonicSeed, newMnemonic, readMnemonic } from "../../protocol/human/mnemonic.ts";
import { reduceToScalar } from "../../protocol/human/scalar.ts";
import { type JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import { nodeHuman } from "../../server/node-p256.ts";
import { parses, throwsCode } from "./error-code.ts";
import { humanSet } from "./human-vectors.ts";

describe("the published vectors under human identity", () => {
  it("BIP 39: 18 seeds, and the 7 mnemonics of 24 words", function () {
    const { vectors } = humanSet<{ vectors: string[][] }>(this, "bip39_english");
    let long = 0;
    for (const [entropy, mnemonic, seed] of vectors as [string, string, string][]) {
      assert.equal(toHex(mnemonicSeed(mnemonic, "TREZOR").bytes), seed);
      if (mnemonic.split(" ").length === 24) {
        long++;
        assert.equal(newMnemonic({ bytes: () => fromHex(entropy) }), mnemonic);
        assert.equal(readMnemonic(mnemonic), mnemonic);
      } else throwsCode(() => readMnemonic(mnemonic), "mnemonic-invalid");
    }
    assert.deepEqual([vectors.length, long], [18, 7]);
  });

  it("RFC 5869: 2 derivations, A.1 and A.3", function () {
    type Vector = { ikm: string; salt: string; info: string; L: number; okm: string };
    const { vectors } = humanSet<{ vectors: Vector[] }>(this, "hkdf_rfc5869");
    for (const { ikm, salt, info, L, okm } of vectors)
      assert.equal(toHex(hkdf(crypto, fromHex(ikm), fromHex(salt), fromHex(info), L)), okm);
    assert.equal(vectors.length, 2);
  });

  it("SLIP-0010 for P-256: 15 pairs of a private and its public key", function () {
    type Chain = { private: string; public: string };
    const { vectors } = humanSet<{ vectors: { chains: Chain[] }[] }>(this, "slip0010_nist256p1");
    const chains = vectors.flatMap(({ chains }) => chains);
    for (const pair of chains) {
      const [, ...xy] = crypto.p256PublicKey(fromHex(pair.private));
      const compressed = concat(Uint8Array.of(2 + (xy[63]! & 1)), Uint8Array.from(xy.slice(0, 32)));
      assert.equal(toHex(compressed), pair.public);
    }
    assert.equal(chains.length, 15);
  });

  it("FIPS 186-5 A.2.1: the scalar is noble's of the same 48 bytes", () => {
    for (let byte = 0; byte < 256; byte += 15) {
      const material = new Uint8Array(48).fill(byte);
      assert.deepEqual(reduceToScalar(material), p256.utils.randomSecretKey(material));
    }
  });

  it("RFC 6979 A.2.5: 2 signatures", function () {
    type Signature = { r: string; s: string };
    type Set = { vectors: { x: string; sample: Signature; test: Signature } };
    const { x, sample, test } = humanSet<Set>(this, "ecdsa_rfc6979_a25").vectors;
    for (const [message, { r, s }] of [
      ["sample", sample],
      ["test", test],
    ] as const)
      assert.equal(toHex(crypto.p256Sign(fromHex(x), toUtf8(message))), (r + s).toLowerCase());
  });

  it("RFC 7515 A.3: a JWS, by both verifiers", function () {
    type Set = { vectors: { jws: string; jwk: JsonObject } };
    const { jws, jwk } = humanSet<Set>(this, "es256_rfc7515_a3").vectors;
    const [header, payload, signature] = jws.split(".") as [string, string, string];
    const key = parseP256Jwk(crypto, new JsonReader(jwk));
    for (const provider of [crypto, nodeHuman])
      assert.ok(provider.p256Verify(key, toUtf8(`${header}.${payload}`), fromBase64(signature)));
  });

  it("RFC 9449: the thumbprint of a P-256 key (RFC 7638), and three proofs", function () {
    const { jkt, vectors } = humanSet<{ jkt: string; vectors: string[] }>(this, "dpop_rfc9449");
    for (const proof of vectors) {
      const [header, payload, signature] = proof.split(".") as [string, string, string];
      const { jwk } = JSON.parse(fromUtf8(fromBase64(header))) as { jwk: JsonObject };
      const key = parseP256Jwk(crypto, new JsonReader(jwk));
      assert.equal(p256Thumbprint(crypto, key), jkt);
      const signed = toUtf8(`${header}.${payload}`);
      assert.ok(crypto.p256Verify(key, signed, fromBase64(signature)));
    }
    assert.equal(vectors.length, 3);
  });

  it("both verifiers agree on what is a point, and on a key however often it comes", () => {
    const key = crypto.sha256(toUtf8("a key"));
    const point = crypto.p256PublicKey(key);
    const p = fromHex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
    const changed = (at: number, value: number) => point.map((b, i) => (i === at ? value : b));
    const xOnCurve = fromHex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296");
    const beyond = concat(Uint8Array.of(4), p, p);
    const bad = [
      ...[new Uint8Array(65), changed(0, 2), changed(0, 6), changed(64, point[64]! ^ 1)],
      ...[changed(1, point[1]! ^ 128), point.slice(0, 64), concat(point, point), new Uint8Array(0)],
      ...[beyond, concat(Uint8Array.of(4), xOnCurve, p), new Uint8Array(65).fill(255)],
    ];
    const signature = crypto.p256Sign(key, toUtf8("m"));
    for (const provider of [crypto, nodeHuman]) {
      assert.ok(provider.p256IsPublicKey(point));
      for (const one of bad) {
        assert.ok(!provider.p256IsPublicKey(one), toHex(one));
        assert.ok(!provider.p256Verify(one, toUtf8("m"), signature));
      }
      for (let time = 0; time < 4; time++) {
        assert.ok(provider.p256Verify(point, toUtf8("m"), signature));
        assert.ok(!provider.p256Verify(point, toUtf8("n"), signature));
      }
    }
  });

  it("digests of text are those of its UTF-8", () => {
    for (const text of ["", "abc", "Ünï 🚪", "\ud800", "a\udc00b", "x".repeat(5000)]) {
      const digest = toBase64Url(crypto.sha256(toUtf8(text)));
      assert.equal(nodeHuman.digestText?.(text), digest, text);
      assert.equal(toHex(nodeHuman.encodeText!(text)), toHex(toUtf8(text)), text);
    }
  });

  it("text and bytes in base64url are read alike by both, in one spelling only", () => {
    const { decodeText, decodeBytes } = nodeHuman;
    const bytes = [
      ...[
        [],
        [0x66],
        [0x66, 0x6f],
        [0xc3, 0x9c],
        [0xf0, 0x9f, 0x9a, 0xaa],
        [0xef, 0xbb, 0xbf, 0x61],
      ],
      ...[[0xc0, 0x80], [0xed, 0xa0, 0x80], [0xff], [0xe2, 0x82], [0xf4, 0x90, 0x80, 0x80], [0]],
    ];
    const texts = bytes.map((one) => toBase64Url(Uint8Array.from(one)));
    const others = [
      "Zg==",
      "Zh",
      "Z",
      "Zm9v\n",
      " Zm9v",
      "-_8",
      "+/8",
      "Zm9v.",
      "Zm 9v",
      "Zg=",
      "é",
    ];
    for (const encoded of [...texts, ...others]) {
      let ours: string | undefined;
      const readable = parses(() => {
        ours = textIn(encoded, "x");
      }, "malformed");
      assert.equal(decodeText?.(encoded), readable ? ours : undefined, encoded);
      let bytes: Uint8Array | undefined;
      const spelt = parses(() => {
        bytes = strictBase64Url(encoded, "x");
      }, "malformed");
      const theirs = decodeBytes!(encoded);
      assert.deepEqual(theirs && [...theirs], spelt ? [...bytes!] : undefined, encoded);
    }
  });
});

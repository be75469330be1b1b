import assert from "node:assert/strict";
import fc from "fast-check";
import { nobleCrypto as crypto } from "../../protocol/crypto/noble.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { transcript } from "../../protocol/encoding/transcript.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { MAX_BODY_LENGTH, parseObject } from "../../protocol/json/reader.ts";
import {
  type Envelope,
  envelopeText,
  MAX_PLAIN_BYTES,
  MAX_SEQ,
  openEnvelope,
  parseEnvelope,
  sealEnvelope,
  writeEnvelope,
} from "../../protocol/node/envelope.ts";
import { REPLAY_WINDOW_SIZE, ReplayWindow } from "../../protocol/node/replay-window.ts";
import {
  agreeOnSession,
  deriveSessionKeys,
  sessionKeysFrom,
  wipeSessionKeys,
} from "../../protocol/node/session-keys.ts";
import { throwsCode } from "./error-code.ts";
import { toyCrypto } from "./toy-crypto.ts";

const material = Uint8Array.from({ length: 104 }, (_, i) => i);
const keys = sessionKeysFrom(material);
const context = { tenantId: "3f2c9a52-7a5b-4c7e-9d1f-0a1b2c3d4e5f", path: "identity_iot/ii_post" };
const plain = toUtf8('{"value":42}');
const seal = (seq = 5, direction: "up" | "down" = "up") =>
  sealEnvelope(crypto, keys, direction, { ...context, seq }, plain);
const open = (envelope: Envelope, direction: "up" | "down" = "up", where = context) =>
  openEnvelope(crypto, keys, direction, where, envelope);

describe("session keys", () => {
  const commKey = new Uint8Array(32).fill(1);
  const signedBefore = toUtf8("transcript");
  const secretOf = (fill: number) => new Uint8Array(32).fill(fill);
  const derive = (own: number, peer: number, comm = commKey, signed = signedBefore) =>
    deriveSessionKeys(
      toyCrypto,
      new Secret(secretOf(own)),
      toyCrypto.x25519PublicKey(secretOf(peer)),
      comm,
      signed,
    );

  it("are the same on both sides, and all different from each other", () => {
    const [node, server] = [derive(2, 3), derive(3, 2)];
    assert.equal(node.sid, server.sid);
    assert.deepEqual(node.up.key.bytes, server.up.key.bytes);
    assert.deepEqual(node.down.key.bytes, server.down.key.bytes);
    assert.deepEqual([node.up.iv, node.down.iv], [server.up.iv, server.down.iv]);
    assert.notDeepEqual(node.up.key.bytes, node.down.key.bytes);
    assert.notDeepEqual(node.up.iv, node.down.iv);
  });

  it("change with each of their ingredients", () => {
    const others = [
      derive(2, 4),
      derive(4, 3),
      derive(2, 3, new Uint8Array(32).fill(9)),
      derive(2, 3, commKey, toUtf8("other")),
    ];
    const up = new Set([derive(2, 3), ...others].map((each) => toHex(each.up.key.bytes)));
    assert.equal(up.size, 5);
  });

  it("are cut from the material as docs/protocol.md says", () => {
    assert.deepEqual(keys.up.key.bytes, material.slice(0, 32));
    assert.deepEqual(keys.down.key.bytes, material.slice(32, 64));
    assert.deepEqual(keys.up.iv, material.slice(64, 76));
    assert.deepEqual(keys.down.iv, material.slice(76, 88));
    assert.equal(keys.sid, "58595a5b-5c5d-8e5f-a061-626364656667");
  });

  it("do not come of an all-zero secret, and the ephemeral key is wiped all the same", () => {
    for (const provider of [crypto, toyCrypto]) {
      const ephemeral = new Secret(secretOf(2));
      const agree = () =>
        agreeOnSession(provider, ephemeral, new Uint8Array(32), commKey, signedBefore);
      throwsCode(agree, "key-agreement-failed");
      assert.throws(() => ephemeral.bytes, TypeError);
    }
  });

  it("agree with real X25519, which leaves no ephemeral key behind", () => {
    const [a, b] = [secretOf(0x41), secretOf(0x42)];
    const [aPublic, bPublic] = [crypto.x25519PublicKey(a), crypto.x25519PublicKey(b)];
    const node = deriveSessionKeys(crypto, new Secret(a), bPublic, commKey, signedBefore);
    const server = deriveSessionKeys(crypto, new Secret(b), aPublic, commKey, signedBefore);
    assert.deepEqual(node.up.key.bytes, server.up.key.bytes);
    assert.deepEqual([a, b], [new Uint8Array(32), new Uint8Array(32)]);
  });

  it("are gone once they are wiped", () => {
    const own = sessionKeysFrom(material);
    wipeSessionKeys(own);
    const again = () => sealEnvelope(crypto, own, "up", { ...context, seq: 1 }, plain);
    assert.throws(again, TypeError);
  });
});

describe("a sealed envelope", () => {
  it("opens under its session, direction, number, tenant and path", () => {
    assert.deepEqual(open(seal()), plain);
    assert.deepEqual(open(seal(MAX_SEQ, "down"), "down"), plain);
  });

  it("opens under no other", () => {
    const envelope = seal();
    throwsCode(() => open(envelope, "down"), "envelope-invalid");
    throwsCode(() => open({ ...envelope, seq: 6 }), "envelope-invalid");
    throwsCode(() => open({ ...envelope, seq: 5 + 2 ** 31 }), "envelope-invalid");
    throwsCode(
      () => open(envelope, "up", { ...context, path: "identity_iot/ii_time" }),
      "envelope-invalid",
    );
    const tenantId = "00000000-0000-4000-8000-000000000000";
    throwsCode(() => open(envelope, "up", { ...context, tenantId }), "envelope-invalid");
    throwsCode(() => open({ ...envelope, sid: tenantId }), "envelope-invalid");
    const other = sessionKeysFrom(material.map((byte) => byte ^ 1));
    const stolen = { ...envelope, sid: other.sid };
    throwsCode(() => openEnvelope(crypto, other, "up", context, stolen), "envelope-invalid");
  });

  it("with any bit changed does not open, and cut short neither", () => {
    const { ct, ...rest } = seal();
    for (let bit = 0; bit < ct.length * 8; bit += 5) {
      const changed = ct.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      throwsCode(() => open({ ...rest, ct: changed }), "envelope-invalid");
    }
    for (let length = 0; length < ct.length; length += 3)
      throwsCode(() => open({ ...rest, ct: ct.slice(0, length) }), "envelope-invalid");
  });

  it("turned round does not open: the server cannot be fed its own answers", () => {
    throwsCode(() => open(seal(5, "down"), "up"), "envelope-invalid");
  });

  it("uses no nonce twice under a key", () => {
    const nonces = new Set<string>();
    const spy = {
      ...crypto,
      aesGcmSeal: (key: Uint8Array, nonce: Uint8Array) => {
        nonces.add(toHex(key) + toHex(nonce));
        return new Uint8Array(16);
      },
    };
    const numbers = [0, 1, 2, 255, 256, 65_535, 65_536, 2 ** 24, 2 ** 31 - 1, 2 ** 31, MAX_SEQ];
    for (const direction of ["up", "down"] as const)
      for (const seq of numbers) sealEnvelope(spy, keys, direction, { ...context, seq }, plain);
    assert.equal(nonces.size, numbers.length * 2);
  });

  it("has the nonce that RFC 8446 §5.3 would give it", () => {
    let seen = "";
    const spy = {
      ...crypto,
      aesGcmSeal: (_: Uint8Array, nonce: Uint8Array) => {
        seen = toHex(nonce);
        return new Uint8Array(16);
      },
    };
    sealEnvelope(spy, keys, "up", { ...context, seq: 0x01020304 }, plain);
    assert.equal(seen, "4041424344454647494b494f"); // …48494a4b XOR …01020304
  });

  it("is bound to the context that docs/protocol.md says, byte for byte", () => {
    let seen: Uint8Array = plain;
    const spy = {
      ...crypto,
      aesGcmSeal: (_key: Uint8Array, _nonce: Uint8Array, aad: Uint8Array) => {
        seen = aad;
        return new Uint8Array(16);
      },
    };
    sealEnvelope(spy, keys, "down", { ...context, seq: 5 }, plain);
    const { tenantId, path } = context;
    assert.deepEqual(seen, transcript("latchkey/v1/envelope", "down", keys.sid, 5, tenantId, path));
  });

  it("is not made with a number that does not exist, nor of more than fits", () => {
    throwsCode(() => seal(MAX_SEQ + 1), "sequence-exhausted");
    assert.throws(() => seal(-1), RangeError);
    assert.throws(() => seal(0.5), RangeError);
    const fill = (length: number) => () =>
      sealEnvelope(crypto, keys, "up", { ...context, seq: 1 }, new Uint8Array(length));
    throwsCode(fill(MAX_PLAIN_BYTES + 1), "malformed", "body");
    const text = JSON.stringify(writeEnvelope({ ...fill(MAX_PLAIN_BYTES)(), seq: MAX_SEQ }));
    assert.ok(text.length <= MAX_BODY_LENGTH);
    assert.equal(parseEnvelope(parseObject(text)).ct.length, MAX_PLAIN_BYTES + 16);
  });

  it("carries any bytes there and back", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(MAX_SEQ), (value, seq) => {
        const sealed = sealEnvelope(crypto, keys, "down", { ...context, seq }, value);
        const text = envelopeText(sealed);
        assert.equal(text, JSON.stringify(writeEnvelope(sealed)));
        const read = parseEnvelope(parseObject(text));
        assert.deepEqual(open(read, "down"), value);
      }),
      { numRuns: 20 },
    );
  });
});

describe("the replay window", () => {
  it("of a new session takes number 0 for seen: the verify exchange had it", () => {
    assert.equal(new ReplayWindow().accept(0), false);
    assert.equal(new ReplayWindow().accept(1), true);
  });

  it("takes each number once, in any order within 64", () => {
    const window = new ReplayWindow();
    assert.equal(window.accept(64), true);
    for (let seq = 63; seq >= 1; seq--) assert.equal(window.accept(seq), true, String(seq));
    for (let seq = 0; seq <= 64; seq++) assert.equal(window.accept(seq), false, String(seq));
  });

  it("ends exactly 64 numbers below the highest", () => {
    const window = new ReplayWindow();
    window.accept(100);
    assert.equal(window.check(37), true);
    assert.equal(window.check(36), false);
    assert.equal(window.check(1), false);
  });

  it("is not moved by a number that was only looked at", () => {
    const window = new ReplayWindow();
    assert.equal(window.check(MAX_SEQ), true);
    assert.equal(window.accept(1), true);
  });

  it("does what an endless memory would do, less what is too old, also across a restart", () => {
    const step = fc.oneof(fc.integer({ min: 0, max: 140 }), fc.integer({ min: 0, max: MAX_SEQ }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (numbers) => {
        let window = new ReplayWindow();
        const seen = new Set([0]);
        let highest = 0;
        for (const seq of numbers) {
          const expected = !seen.has(seq) && seq > highest - REPLAY_WINDOW_SIZE;
          assert.equal(window.check(seq), expected);
          assert.equal(window.accept(seq), expected);
          if (expected) seen.add(seq);
          highest = Math.max(highest, seq);
          window = new ReplayWindow(window.state);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("is right at every distance by which it can slide", () => {
    for (let by = 1; by <= 130; by++) {
      const window = new ReplayWindow();
      for (let seq = 1; seq <= 100; seq += 3) window.accept(seq);
      window.accept(100 + by);
      for (let seq = Math.max(1, 100 + by - 63); seq <= 100; seq++) {
        const fresh = seq % 3 !== 1 && !(seq === 100 + by);
        assert.equal(window.check(seq), fresh, `slide ${by}, number ${seq}`);
      }
    }
  });
});

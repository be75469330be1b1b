import assert from "node:assert/strict";
import { verifyRequest } from "../../firmware/reader/tap.ts";
import { verifyBadgeAuth } from "../../protocol/badge/auth.ts";
import { badgeKey } from "../../protocol/badge/key-id.ts";
import { parseBadgeFile } from "../../protocol/badge/link.ts";
import { parseVerifyBadgeRequest } from "../../protocol/badge/verify.ts";
import type { CryptoProvider } from "../../protocol/crypto/provider.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { type JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import { toyCrypto } from "../protocol/toy-crypto.ts";
import {
  type BadgeContent,
  NODE,
  ScriptedCard,
  ScriptedReader,
  sealedPayload,
  TENANT,
} from "./scripted-reader.ts";

const VERIFY = "identity_tag/it_verify_badge";
const CHALLENGE = "identity_tag/it_request_challenge";
const PAYLOAD_INVALID = "badge-payload-invalid";

async function readyReader(): Promise<ScriptedReader> {
  const reader = new ScriptedReader();
  await reader.ready();
  return reader;
}

function lastTap(reader: ScriptedReader) {
  const tap = reader.engine.taps.list.at(-1);
  assert.ok(tap !== undefined, "no tap was recorded");
  return tap;
}

describe("a tap", () => {
  it("costs two APDUs and one round trip, and closes the relay as told", async () => {
    const reader = await readyReader();
    const card = new ScriptedCard(reader.time);
    const before = reader.calls.length;
    await reader.present(card);
    assert.equal(card.apdus, 2);
    assert.deepEqual(reader.relay, [3000]);
    const during = reader.calls.slice(before).map(({ path }) => path);
    // The next challenge is fetched once the door is open.
    assert.deepEqual(during, [VERIFY, CHALLENGE]);
    assert.equal(lastTap(reader).totalMs, 2 * 15 + reader.roundTripMs);
    assert.deepEqual(reader.stages.slice(-3), ["reading", "checking", "granted"]);
    await reader.time.pass(2_000);
    assert.equal(reader.engine.state.stage, "ready");
  });

  it("asks with the badge's own signature over this challenge", async () => {
    const reader = await readyReader();
    const card = new ScriptedCard(reader.time);
    const heldId = reader.engine.state.held!.id;
    await reader.present(card);
    const body = reader.calls.find(({ path }) => path === VERIFY)!.body;
    const request = parseVerifyBadgeRequest(new JsonReader(body));
    assert.equal(request.challengeId, heldId);
    const badgePk = toyCrypto.ed25519PublicKey(new Uint8Array(32).fill(0x53));
    const fields = {
      tenantId: TENANT,
      nodeUid: NODE,
      badgeUid: card.uid,
      challengeId: heldId,
      nonce: new Uint8Array(32).fill(1),
    };
    assert.ok(verifyBadgeAuth(toyCrypto, badgePk, fields, request.signature));
  });

  it("reads no more of the next badge than the last one had", async () => {
    const reader = await readyReader();
    await reader.present(new ScriptedCard(reader.time, 1));
    await reader.time.pass(2_500);
    const card = new ScriptedCard(reader.time, 2);
    const wanted: number[] = [];
    const transceive = card.transceive.bind(card);
    card.transceive = (apdu) => {
      if (apdu[1] === 0xb0) wanted.push(apdu[4]!);
      return transceive(apdu);
    };
    await reader.present(card);
    assert.deepEqual(wanted, [card.file.length]);
  });

  it("of a badge that is pulled away says so, asks nobody, and the next one works", async () => {
    const reader = await readyReader();
    const card = new ScriptedCard(reader.time);
    card.leavesAfter = 1;
    await reader.present(card);
    assert.equal(lastTap(reader).reason, "badge-moved");
    assert.equal(reader.callsTo(VERIFY), 0);
    assert.deepEqual(reader.relay, []);
    await reader.present(new ScriptedCard(reader.time));
    assert.equal(lastTap(reader).granted, true);
    assert.deepEqual(reader.relay, [3000]);
  });

  const answers: readonly (readonly [string, JsonObject, string])[] = [
    [
      "names another challenge",
      {
        challenge_id: "00000000-0000-4000-8000-999999999999",
        granted: true,
        reason: "granted",
        relay_ms: 3000,
      },
      "decision-mismatch",
    ],
    ["says granted in words", { granted: "true", reason: "granted", relay_ms: 3000 }, "malformed"],
    ["grants no time", { granted: true, reason: "granted", relay_ms: 0 }, "malformed"],
    ["grants and denies", { granted: true, reason: "badge-revoked", relay_ms: 9 }, "malformed"],
    ["is empty", {}, "malformed"],
    ["denies", { granted: false, reason: "badge-revoked", relay_ms: 0 }, "badge-revoked"],
    ["denies with relay time", { granted: false, reason: "late", relay_ms: 3000 }, "malformed"],
    [
      "has a reason of the future",
      { granted: false, reason: "solar-flare", relay_ms: 0 },
      "solar-flare",
    ],
  ];
  for (const [what, answer, reason] of answers) {
    it(`stays shut when the answer ${what}`, async () => {
      const reader = await readyReader();
      reader.decide = (body) => ({ challenge_id: body["challenge_id"]!, ...answer });
      await reader.present(new ScriptedCard(reader.time));
      assert.equal(lastTap(reader).reason, reason);
      assert.deepEqual(reader.relay, []);
      assert.equal(reader.engine.state.stage, "denied");
    });
  }

  for (const code of ["network-timeout", "not-latchkey", "envelope-invalid", "internal"] as const) {
    it(`stays shut when asking fails with ${code}, and recovers by itself`, async () => {
      const reader = await readyReader();
      reader.failing.set(VERIFY, new LatchkeyError(code));
      reader.failing.set(CHALLENGE, new LatchkeyError(code));
      await reader.present(new ScriptedCard(reader.time));
      assert.equal(lastTap(reader).reason, code);
      await reader.passUntil("error");
      assert.equal(reader.engine.state.fault?.code, code);
      // A badge that is presented now is told so, and noted.
      await reader.present(new ScriptedCard(reader.time, 3));
      assert.equal(lastTap(reader).reason, code);
      reader.failing.clear();
      await reader.passUntil("ready");
      await reader.present(new ScriptedCard(reader.time));
      assert.deepEqual(reader.relay, [3000]);
    });
  }

  it("does not ask twice with one challenge, even if the first answer never came", async () => {
    const reader = await readyReader();
    reader.failing.set(VERIFY, new LatchkeyError("network-timeout"));
    await reader.present(new ScriptedCard(reader.time, 1));
    await reader.passUntil("ready");
    await reader.present(new ScriptedCard(reader.time, 2));
    const asked = reader.calls.filter(({ path }) => path === VERIFY);
    assert.equal(asked.length, 2);
    assert.notEqual(asked[0]!.body["challenge_id"], asked[1]!.body["challenge_id"]);
  });

  it("never asks about the badge of a tap that was given up", async () => {
    const reader = new ScriptedReader();
    reader.challengeSeconds = 6;
    await reader.ready();
    reader.roundTripMs = 1_000;
    const slow = new ScriptedCard(reader.time, 1);
    slow.answerMs = 3_150;
    await reader.present(slow);
    assert.equal(lastTap(reader).reason, "card-timeout");
    // The second badge is read, and waits for a challenge, when the first one's file comes at last.
    const second = reader.presentOnly(new ScriptedCard(reader.time, 2));
    await reader.time.pass(500);
    assert.equal(slow.apdus, 2);
    assert.equal(reader.engine.state.stage, "reading");
    await reader.time.pass(2_000);
    await second;
    const { body } = reader.calls.find(({ path }) => path === VERIFY)!;
    const request = parseVerifyBadgeRequest(new JsonReader(body));
    assert.deepEqual(request.badgeUid, new Uint8Array(7).fill(2));
  });

  it("ends when the reader is stopped, so that nothing waits for it", async () => {
    const reader = await readyReader();
    reader.roundTripMs = 1e9;
    const tap = reader.presentOnly(new ScriptedCard(reader.time));
    await reader.time.pass(100);
    assert.equal(reader.engine.state.stage, "checking");
    reader.engine.stop();
    await tap;
    assert.deepEqual(reader.relay, []);
  });

  it("ignores an answer that comes after its time", async () => {
    const reader = await readyReader();
    reader.decide = async (body) => {
      await new Promise<void>((done) => void reader.time.timer.set(done, 4_000));
      const challenge_id = body["challenge_id"]!;
      return { challenge_id, granted: true, reason: "granted", relay_ms: 3000 };
    };
    await reader.present(new ScriptedCard(reader.time));
    assert.equal(lastTap(reader).reason, "network-timeout");
    await reader.time.pass(10_000);
    assert.deepEqual(reader.relay, []);
    assert.equal(reader.engine.state.stage, "ready");
  });

  for (const brokenLight of ["busy", "granted"])
    it(`is recorded and ends although the light for ${brokenLight} fails`, async () => {
      const reader = await readyReader();
      reader.brokenLight = brokenLight;
      await reader.present(new ScriptedCard(reader.time));
      assert.deepEqual(reader.relay, [3000]);
      assert.equal(lastTap(reader).granted, true);
      assert.ok(reader.log.last(20).some(({ event }) => event === "reader-effect-failed"));
      await reader.time.pass(10_000);
      await reader.present(new ScriptedCard(reader.time, 2));
      assert.equal(reader.relay.length, 2, "the next badge is served");
    });

  it("never opens longer than the reader allows", async () => {
    const reader = await readyReader();
    reader.decide = (body) => ({
      challenge_id: body["challenge_id"]!,
      granted: true,
      reason: "granted",
      relay_ms: 60_000,
    });
    await reader.present(new ScriptedCard(reader.time));
    assert.deepEqual(reader.relay, [10_000]);
  });

  const FOREIGN = new Uint8Array(32).fill(0x77);
  const uidOne = new Uint8Array(7).fill(1);
  const unopened: readonly (readonly [string, Partial<BadgeContent>, string])[] = [
    ["another tenant", { df1: FOREIGN }, "tenant-mismatch"],
    ["another tenant, renamed", { payload: sealedPayload(uidOne, FOREIGN) }, PAYLOAD_INVALID],
    ["another chip", { payload: sealedPayload(new Uint8Array(7).fill(2)) }, PAYLOAD_INVALID],
  ];
  for (const [whose, content, reason] of unopened) {
    it(`of a payload of ${whose} is ${reason} and does not spend the challenge`, async () => {
      const reader = await readyReader();
      const heldId = reader.engine.state.held!.id;
      await reader.present(new ScriptedCard(reader.time, 1, content));
      assert.equal(lastTap(reader).reason, reason);
      assert.equal(reader.callsTo(VERIFY), 0);
      assert.equal(reader.engine.state.held?.id, heldId);
    });
  }

  it("of two badges at once decides nothing", async () => {
    const reader = await readyReader();
    await reader.report({ type: "several", uids: [] });
    assert.equal(lastTap(reader).reason, "several-badges");
    assert.equal(reader.callsTo(VERIFY), 0);
  });

  it("waits for a challenge that is being fetched", async () => {
    const reader = await readyReader();
    await reader.present(new ScriptedCard(reader.time, 1));
    // Another badge at once: the next challenge is still on its way.
    reader.roundTripMs = 300;
    const second = reader.present(new ScriptedCard(reader.time, 2));
    await second;
    assert.deepEqual(reader.relay, [3000, 3000]);
  });
});

describe("the badge's seed", () => {
  const challenge = { challengeId: NODE, nonce: new Uint8Array(32), expiresIn: 60 };

  function seeds(sign: () => Uint8Array): Uint8Array[] {
    const seen: Uint8Array[] = [];
    const crypto: CryptoProvider = {
      ...toyCrypto,
      ed25519Sign: (seed) => {
        assert.ok(
          seed.some((byte) => byte !== 0),
          "signed with zeros",
        );
        seen.push(seed);
        return sign();
      },
    };
    const uid = new Uint8Array(7).fill(1);
    const { file } = new ScriptedCard(new ScriptedReader().time, 1);
    const badge = { link: parseBadgeFile(file), uid, apdus: 2, fileBytes: file.length };
    const badgeKeys = [badgeKey(toyCrypto, new Secret(new Uint8Array(32).fill(0x31)))];
    const nodePk = new Uint8Array(32);
    const keys = { crypto, badgeKeys, tenantId: TENANT, nodeUid: NODE, nodePk };
    try {
      verifyRequest(badge, challenge, keys);
    } catch (error) {
      assert.ok(error instanceof RangeError);
    }
    return seen;
  }

  it("is wiped after signing, also when signing fails", () => {
    const failing = () => {
      throw new RangeError("no signature");
    };
    for (const sign of [() => new Uint8Array(64), failing]) {
      const seen = seeds(sign);
      assert.equal(seen.length, 1);
      assert.deepEqual(seen[0], new Uint8Array(32));
    }
  });
});

import assert from "node:assert/strict";
import fc from "fast-check";
import type { Card, CardAnswer } from "../../host-sim/nfc/card.ts";
import { cloneOf, StaticEmulator, skim } from "../../host-sim/nfc/clone.ts";
import { sealChip } from "../../host-sim/nfc/sealed-chip.ts";
import { Prng } from "../../host-sim/world/prng.ts";
import { sealPayload } from "../../protocol/badge/payload.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { badge, Desk, reasonOf, type TestNode } from "./desk.ts";
import { sealedBadge, sealedTap } from "./sealed-desk.ts";

const ONCE = { burst: 100_000, perSecond: 1 };

describe("service: sealed badges", () => {
  let desk: Desk;
  let node: TestNode;
  let tenantId: string;
  const alarms = async () =>
    (await desk.service.admin.alarms(tenantId)).map(({ kind, cause }) => `${kind} ${cause}`);
  const decisions = async () =>
    (await desk.service.admin.auditRows(tenantId)).filter(({ kind }) => kind === "badge-decision");

  beforeEach(async () => {
    const byBadge = { tapsByBadge: ONCE, failuresByBadge: ONCE };
    desk = new Desk({ limits: { tapsByNode: ONCE, requestsByNode: ONCE, ...byBadge } });
    node = await desk.node(await desk.tenant()).boot();
    tenantId = node.provisioning.tenantId;
  });
  afterEach(() => desk.close());

  it("open the door again and again, with one audit row for each tap", async () => {
    const card = await sealedBadge(desk.service, tenantId);
    for (let tap = 1; tap <= 3; tap++) {
      assert.equal(reasonOf(await sealedTap(node, card)), "granted");
      const rows = await decisions();
      assert.equal(rows.length, tap);
      assert.equal(JSON.parse(rows.at(-1)!.data).granted, true);
    }
    assert.ok((await desk.service.admin.verifyAudit(tenantId)).intact);
    assert.equal((await desk.service.admin.badge(tenantId, card.uid))?.readCounter, 3);
    assert.equal(card.memory.failures[3]!.total, 0, "each proof that is right counts down");
  });

  it("of mode HS open one door and no other", async () => {
    const other = await desk.node(node.provisioning, { name: "other" }).boot();
    const order = { mode: "HS", nodeUid: node.nodeUid } as const;
    const card = await sealedBadge(desk.service, tenantId, order);
    assert.equal(reasonOf(await sealedTap(other, card)), "mode-mismatch");
    assert.equal(reasonOf(await sealedTap(node, card)), "granted");
  });

  it("give nothing of the payload, the share or the key to the reader", async () => {
    const card = await sealedBadge(desk.service, tenantId);
    const seen: string[] = [];
    const log = (text: unknown) => void seen.push(JSON.stringify(text));
    await sealedTap(node, card, {
      alter: (response) => {
        log(Buffer.from(response).toString("hex"));
        return response;
      },
      meddle: (_, body) => {
        log(body);
        return body;
      },
    });
    const file = Buffer.from(card.file(3).content.slice(0, 114));
    const told = [...seen, ...desk.log].join("\n");
    for (const secret of [file.subarray(2, 34), Buffer.from(card.memory.keys[3]!.value)])
      for (const form of ["hex", "base64url"] as const)
        assert.ok(!told.includes(secret.toString(form).slice(0, 20)));
  });

  it("cannot be passed off as open ones, nor open ones as sealed", async () => {
    const card = await sealedBadge(desk.service, tenantId);
    const { challengeId } = await node.challenge();
    const zeros = { signature: new Uint8Array(64), picc: new Uint8Array(16) };
    const request = { challengeId, badgeUid: card.uid, ...zeros, cmac: new Uint8Array(8) };
    assert.equal(reasonOf(await node.decide(request)), "mode-mismatch");
    const open = await badge(desk.service, tenantId);
    const uid = Buffer.from(open.uid).toString("base64url");
    const meddle = (_: string, body: object) => ({ ...body, badge_uid: uid });
    assert.equal(reasonOf(await sealedTap(node, card, { meddle })), "mode-mismatch");
    const [first, second] = (await decisions()).map(({ data }) => JSON.parse(data).cause);
    assert.deepEqual([first, second], ["profile-sealed", "profile-open"]);
  });

  it("of another tenant are unknown here, revoked ones revoked", async () => {
    const elsewhere = await desk.node(await desk.tenant()).boot();
    const card = await sealedBadge(desk.service, elsewhere.provisioning.tenantId);
    assert.equal(reasonOf(await sealedTap(node, card)), "badge-unknown");
    const own = await sealedBadge(desk.service, tenantId);
    await desk.service.admin.setBadgeStatus(tenantId, own.uid, "revoked");
    assert.equal(reasonOf(await sealedTap(node, own)), "badge-revoked");
  });

  it("whose copy shows an old message are badge-cloned before their key is used", async () => {
    const card = await sealedBadge(desk.service, tenantId);
    const copy = cloneOf(card);
    assert.equal(reasonOf(await sealedTap(node, card)), "granted");
    assert.equal(reasonOf(await sealedTap(node, copy)), "badge-cloned");
    assert.deepEqual(await alarms(), ["badge-cloned sdm-counter-stale"]);
  });

  it("are not opened by an emulator with a message fresh from the chip, nor twice by it", async () => {
    const card = await sealedBadge(desk.service, tenantId);
    const copy = cloneOf(card);
    assert.equal(reasonOf(await sealedTap(node, copy)), "card-status");
    assert.deepEqual(await alarms(), ["badge-copy-suspected sealed-step-1-6e00"]);
    assert.equal(reasonOf(await sealedTap(node, copy)), "badge-cloned", "the message is used up");
    assert.equal(reasonOf(await sealedTap(node, card)), "granted");
  });

  it("are not opened by an emulator that makes up its proofs", async () => {
    const card = await sealedBadge(desk.service, tenantId);
    const random = new Prng("liar", "emulator");
    const liar = answering(card, [random.bytes(16), random.bytes(32), random.bytes(136)]);
    assert.equal(reasonOf(await sealedTap(node, liar)), "card-proof-invalid");
    assert.deepEqual(await alarms(), ["badge-copy-suspected card-proof-invalid"]);
    assert.equal((await decisions()).length, 1);
  });

  it("are not opened by a recorded dialogue behind a fresh message", async () => {
    const card = await sealedBadge(desk.service, tenantId);
    const heard: Uint8Array[] = [];
    const alter = (response: Uint8Array) => {
      heard.push(response.slice(0, -2));
      return response;
    };
    assert.equal(reasonOf(await sealedTap(node, card, { alter })), "granted");
    const tape = answering(card, heard);
    assert.equal(reasonOf(await sealedTap(node, tape)), "card-proof-invalid");
  });

  it("are not opened by an answer of an earlier session put into this one", async () => {
    const card = await sealedBadge(desk.service, tenantId);
    const heard: Uint8Array[] = [];
    await sealedTap(node, card, {
      alter: (response) => {
        heard.push(response);
        return response;
      },
    });
    const alter = (response: Uint8Array, step: number) => (step === 2 ? heard[2]! : response);
    assert.equal(reasonOf(await sealedTap(node, card, { alter })), "card-mac-invalid");
    assert.equal(reasonOf(await sealedTap(node, card)), "granted");
  });

  it("fail at any byte of the chip's answers that is altered, with one audit row", async () => {
    const card = await sealedBadge(desk.service, tenantId);
    const lengths = [18, 34, 138];
    const reasons = new Map<string, number>();
    let altered = 0;
    for (const [at, length] of lengths.entries())
      for (let byte = 0; byte < length; byte++) {
        const alter = (response: Uint8Array, step: number) => {
          if (step !== at) return response;
          assert.equal(response.length, length);
          return response.map((value, i) => (i === byte ? value ^ 0x01 : value));
        };
        const reason = reasonOf(await sealedTap(node, card, { alter }));
        assert.notEqual(reason, "granted", `answer ${at}, byte ${byte}`);
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
        assert.equal((await decisions()).length, ++altered);
        desk.nowMs += 1000;
      }
    console.log(`        ${altered} altered bytes: ${JSON.stringify(Object.fromEntries(reasons))}`);
    assert.equal(reasonOf(await sealedTap(node, card)), "granted");
  }).timeout(120_000);

  it("answer anything at all, and the door stays shut", async () => {
    const card = await sealedBadge(desk.service, tenantId);
    const soup = fc.record({
      step: fc.integer({ min: 0, max: 2 }),
      bytes: fc.uint8Array({ minLength: 0, maxLength: 300 }),
      sw: fc.constantFrom(undefined, [0x91, 0x00], [0x91, 0xaf], [0x91, 0xae], [0x90, 0x00]),
    });
    await fc.assert(
      fc.asyncProperty(soup, async ({ step, bytes, sw }) => {
        const alter = (response: Uint8Array, at: number) =>
          at === step ? Uint8Array.of(...bytes, ...(sw ?? [])) : response;
        const outcome = await sealedTap(node, card, { alter }).then(reasonOf, ({ code }) => code);
        assert.notEqual(outcome, "granted");
        assert.match(outcome, /^(card-|apdu-malformed|malformed|badge-cloned)/);
      }),
      { numRuns: 150 },
    );
    assert.equal(reasonOf(await sealedTap(node, card)), "granted");
  }).timeout(120_000);

  it("with another key 3 are card-key-wrong, once", async () => {
    const card = await sealedBadge(desk.service, tenantId);
    card.memory.keys[3] = { value: new Uint8Array(16).fill(1), version: 1 };
    assert.equal(reasonOf(await sealedTap(node, card)), "card-key-wrong");
    assert.equal(card.memory.failures[3]!.total, 1, "one attempt for one tap");
    assert.equal((await decisions()).length, 1);
  });

  it("with another payload in file 03 are badge-payload-invalid", async () => {
    const card = await sealedBadge(desk.service, tenantId);
    const other = await sealedBadge(desk.service, tenantId);
    const random = new Prng("forger", "payload");
    // As whoever holds a reader's df1 would make it.
    const forged = sealPayload(nobleCrypto, {
      ...{ mode: "STD", seed: random.bytes(32), df1: node.provisioning.df1.bytes },
      ...{ df2: random.bytes(32), iv: random.bytes(16), uid: card.uid },
    });
    for (const payload of [other.file(3).content.slice(0, 114), forged, new Uint8Array(114)]) {
      sealChip(card, payload);
      const reason = reasonOf(await sealedTap(node, card));
      assert.ok(["badge-payload-invalid", "unsupported-version"].includes(reason), reason);
    }
    assert.equal((await alarms()).length, 3);
  });
});

/** An emulator with the victim's newest message that answers the authentication from a list. */
function answering(victim: Card, answers: readonly Uint8Array[]): Card {
  const copy = skim(victim);
  const inner = new StaticEmulator(victim.uid, () => copy);
  let next = 0;
  const native = (): CardAnswer => {
    const data = answers[next++] ?? new Uint8Array(0);
    const sw = next === 1 ? 0xaf : 0x00;
    return { response: Uint8Array.of(...data, 0x91, sw), timeUs: 1_500 };
  };
  return {
    uid: inner.uid,
    atqa: inner.atqa,
    sak: inner.sak,
    ats: inner.ats,
    fieldOn: () => inner.fieldOn(),
    fieldOff: () => inner.fieldOff(),
    deselect: () => inner.deselect(),
    apdu: (command) => (command[0] === 0x90 ? native() : inner.apdu(command)),
  };
}

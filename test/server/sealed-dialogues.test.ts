import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Ntag424 } from "../../host-sim/nfc/ntag424.ts";
import { SEALED_BEGIN_PATH, SEALED_CONTINUE_PATH } from "../../protocol/badge/endpoints.ts";
import {
  sealedPart1,
  writeSealedBegin,
  writeSealedContinue,
} from "../../protocol/badge/sealed-tap.ts";
import type { JsonObject } from "../../protocol/json/reader.ts";
import { Desk, MapStorage, reasonOf, type TestNode } from "./desk.ts";
import { ask, readSealedLink, sealedBadge, sealedTap } from "./sealed-desk.ts";

const PLENTY = { burst: 100_000, perSecond: 1 };
const LIMITS = { tapsByNode: PLENTY, requestsByNode: PLENTY };

/** What the server says in the end: the reason, or `command`. */
async function outcome(node: TestNode, path: string, body: JsonObject): Promise<string> {
  const answer = await ask(node, path, body);
  return answer.kind === "command" ? "command" : reasonOf(answer.decision);
}

describe("service: the dialogue with a sealed badge", () => {
  let desk: Desk;
  let node: TestNode;
  let tenantId: string;
  let card: Ntag424;
  const decisions = async () =>
    (await desk.service.admin.auditRows(tenantId)).filter(({ kind }) => kind === "badge-decision");

  beforeEach(async () => {
    desk = new Desk({ limits: LIMITS });
    node = await desk.node(await desk.tenant()).boot();
    tenantId = node.provisioning.tenantId;
    card = await sealedBadge(desk.service, tenantId);
  });
  afterEach(() => desk.close());

  /** Up to the server's first command and the chip's answer to it. */
  async function begun(by = node): Promise<{ request: JsonObject; begin: JsonObject }> {
    card.fieldOn();
    const { picc, cmac } = await readSealedLink(card);
    const { challengeId } = await by.challenge();
    const badgeUid = card.uid;
    const response = card.apdu(sealedPart1()).response;
    const begin = writeSealedBegin({ challengeId, badgeUid, picc, cmac, response });
    const answer = await ask(by, SEALED_BEGIN_PATH, begin);
    assert.equal(answer.kind, "command");
    if (answer.kind !== "command") throw new Error("denied");
    const proof = card.apdu(answer.command).response;
    const request = writeSealedContinue({ challengeId, badgeUid, step: 1, response: proof });
    return { request, begin };
  }

  it("is used up by its first answer, right or wrong", async () => {
    const { request } = await begun();
    assert.equal(await outcome(node, SEALED_CONTINUE_PATH, request), "command");
    assert.equal(await outcome(node, SEALED_CONTINUE_PATH, request), "challenge-used");
    assert.equal((await decisions()).length, 1);
  });

  it("begins once for a challenge", async () => {
    const { begin } = await begun();
    assert.equal(await outcome(node, SEALED_BEGIN_PATH, begin), "challenge-used");
  });

  it("takes one of 40 answers at once", async () => {
    const { request } = await begun();
    const asked = Array.from({ length: 40 }, () => outcome(node, SEALED_CONTINUE_PATH, request));
    const outcomes = await Promise.all(asked);
    assert.equal(outcomes.filter((each) => each === "command").length, 1);
    // Of the others one may have come between, when the next step was waited for.
    assert.equal(outcomes.filter((each) => each === "challenge-used").length, 39);
  });

  it("belongs to its reader, its tenant, its badge and its step", async () => {
    const sibling = await desk.node(node.provisioning, { name: "sibling" }).boot();
    const stranger = await desk.node(await desk.tenant()).boot();
    for (const by of [sibling, stranger]) {
      const { request } = await begun();
      assert.equal(await outcome(by, SEALED_CONTINUE_PATH, request), "challenge-used");
      assert.equal(await outcome(node, SEALED_CONTINUE_PATH, request), "command", "not harmed");
    }
    const other = Buffer.from((await sealedBadge(desk.service, tenantId)).uid);
    for (const change of [{ badge_uid: other.toString("base64url") }, { step: 2 }, { step: 0 }]) {
      const { request } = await begun();
      const changed = { ...request, ...change };
      assert.equal(await outcome(node, SEALED_CONTINUE_PATH, changed), "challenge-used");
      assert.equal(await outcome(node, SEALED_CONTINUE_PATH, request), "challenge-used", "ended");
    }
  });

  it("cannot be answered without having begun, by a badge challenge", async () => {
    const { challengeId } = await node.challenge();
    const response = new Uint8Array(34);
    const request = writeSealedContinue({ challengeId, badgeUid: card.uid, step: 1, response });
    assert.equal(await outcome(node, SEALED_CONTINUE_PATH, request), "challenge-used");
  });

  it("is over after ten seconds, and is told so", async () => {
    const { request } = await begun();
    desk.nowMs += 10_000;
    assert.equal(await outcome(node, SEALED_CONTINUE_PATH, request), "challenge-expired");
  });

  it("is not begun with a challenge that is over", async () => {
    card.fieldOn();
    const { challengeId } = await node.challenge();
    desk.nowMs += 55_000;
    const { picc, cmac } = await readSealedLink(card);
    const response = card.apdu(sealedPart1()).response;
    const begin = writeSealedBegin({ challengeId, badgeUid: card.uid, picc, cmac, response });
    assert.equal(await outcome(node, SEALED_BEGIN_PATH, begin), "challenge-expired");
  });

  it("gives way to newer ones of its reader: two are kept", async () => {
    const first = await begun();
    const second = await begun();
    const third = await begun();
    assert.equal(await outcome(node, SEALED_CONTINUE_PATH, first.request), "challenge-used");
    assert.equal(await outcome(node, SEALED_CONTINUE_PATH, third.request), "command");
    assert.equal(await outcome(node, SEALED_CONTINUE_PATH, second.request), "command");
  });

  it("ends when the badge is revoked meanwhile, or its reader", async () => {
    const { request } = await begun();
    await desk.service.admin.setBadgeStatus(tenantId, card.uid, "revoked");
    assert.equal(await outcome(node, SEALED_CONTINUE_PATH, request), "badge-revoked");
    await desk.service.admin.setBadgeStatus(tenantId, card.uid, "active");
    const again = await begun();
    await desk.service.admin.revokeNode(tenantId, node.nodeUid);
    await assert.rejects(ask(node, SEALED_CONTINUE_PATH, again.request));
  });

  it("of two with one read of the chip lets one pass", async () => {
    // A chip that answers two readers at once is two chips: a copy with all its keys.
    card.fieldOn();
    const link = await readSealedLink(card);
    assert.equal(reasonOf(await sealedTap(node, card, { link })), "granted");
    assert.equal(reasonOf(await sealedTap(node, card, { link })), "badge-cloned");
  });

  it("does not outlive the server's process, and the next tap opens", async () => {
    const folder = mkdtempSync(join(tmpdir(), "latchkey-sealed-"));
    const databasePath = join(folder, "latchkey.db");
    const storage = new MapStorage();
    let before = new Desk({ databasePath, limits: LIMITS, seed: "one" });
    try {
      const provisioning = await before.tenant();
      const first = await before.node(provisioning, { storage }).boot();
      card = await sealedBadge(before.service, provisioning.tenantId);
      const { request } = await begun(first);
      first.identity.close();
      before.close();
      // The same keys, because the same seed makes them.
      before = new Desk({ databasePath, limits: LIMITS, seed: "one" });
      const second = await before.node(provisioning, { storage }).boot();
      assert.equal(await outcome(second, SEALED_CONTINUE_PATH, request), "challenge-used");
      assert.equal(reasonOf(await sealedTap(second, card)), "granted");
    } finally {
      before.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

import assert from "node:assert/strict";
import { DenialReports, KEPT_MAX, SENT_MAX } from "../../firmware/reader/denial-reports.ts";
import type { TapResult } from "../../firmware/reader/machine.ts";
import { type DenialReport, parseDenialReport } from "../../protocol/badge/denial-report.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { JsonReader } from "../../protocol/json/reader.ts";
import { ScriptedCard, ScriptedReader } from "./scripted-reader.ts";

const VERIFY = "identity_tag/it_verify_badge";
const FOREIGN = { df1: new Uint8Array(32).fill(0x77) };

async function readyReader(): Promise<ScriptedReader> {
  const reader = new ScriptedReader();
  await reader.ready();
  return reader;
}

/** What the server was told, check-in by check-in; `undefined` where there was nothing to tell. */
function reports(reader: ScriptedReader): { report: DenialReport | undefined; atMs: number }[] {
  return reader.calls
    .filter(({ path }) => path === "check-in")
    .map(({ body, atMs }) => {
      const denials = new JsonReader(body).optionalObject("denials");
      return { report: denials && parseDenialReport(denials), atMs };
    });
}

const told = (reader: ScriptedReader) =>
  reports(reader).flatMap(({ report }) => report?.denials.map(({ number }) => number) ?? []);

describe("a tap that the reader refuses by itself", () => {
  it("is reported within a few seconds: who, why and how long ago", async () => {
    const reader = await readyReader();
    const card = new ScriptedCard(reader.time, 3, FOREIGN);
    await reader.present(card);
    const refusedMs = reader.time.nowMs;
    await reader.time.pass(6_000);
    const last = reports(reader).at(-1)!;
    const waitedMs = last.atMs - refusedMs;
    assert.ok(waitedMs >= 2_000 && waitedMs <= 5_000, `${waitedMs} ms`);
    const [denial] = last.report!.denials;
    assert.equal(last.report!.denials.length, 1);
    assert.equal(toHex(denial!.badgeUid!), toHex(card.uid));
    assert.equal(denial!.reason, "tenant-mismatch");
    assert.ok(Math.abs(denial!.ageMs - waitedMs) < 20, `${denial!.ageMs}`);
    assert.equal(reader.engine.unreportedDenials, 0);
  });

  it("is reported together with others, once, and the usual check-ins go on", async () => {
    const reader = await readyReader();
    const before = reports(reader).length;
    for (const byte of [1, 2, 3])
      await reader.present(new ScriptedCard(reader.time, byte, FOREIGN));
    await reader.time.pass(290_000);
    assert.equal(reports(reader).length, before + 1);
    assert.deepEqual(told(reader), [1, 2, 3]);
    await reader.time.pass(20_000);
    assert.equal(reports(reader).length, before + 2);
  });

  it("does not hold up the next tap, not even while it is being reported", async () => {
    const reader = await readyReader();
    await reader.present(new ScriptedCard(reader.time, 3, FOREIGN));
    const checkIns = reader.callsTo("check-in");
    while (reader.callsTo("check-in") === checkIns) await reader.time.pass(5);
    await reader.present(new ScriptedCard(reader.time, 1));
    const tap = reader.engine.taps.list.at(-1)!;
    assert.equal(tap.granted, true);
    assert.equal(tap.totalMs, 2 * 15 + reader.roundTripMs);
  });

  it("is not told while a tap is under way", async () => {
    const reader = await readyReader();
    await reader.present(new ScriptedCard(reader.time, 3, FOREIGN));
    const before = reader.callsTo("check-in");
    await reader.time.pass(1_900);
    const slow = new ScriptedCard(reader.time, 4, FOREIGN);
    slow.answerMs = 2_500;
    await reader.present(slow);
    assert.equal(reader.callsTo("check-in"), before);
    await reader.time.pass(6_000);
    assert.deepEqual(told(reader), [1, 2]);
  });

  it("is told again under its number until the server confirms it", async () => {
    const reader = await readyReader();
    reader.failing.set("check-in", new LatchkeyError("network-timeout"));
    await reader.present(new ScriptedCard(reader.time, 3, FOREIGN));
    await reader.time.pass(60_000);
    const tries = told(reader).length;
    assert.ok(tries >= 3 && tries <= 10, `${tries} tries in a minute`);
    assert.ok(told(reader).every((number) => number === 1));
    reader.failing.clear();
    await reader.time.pass(20_000);
    assert.equal(reader.engine.unreportedDenials, 0);
    const count = told(reader).length;
    await reader.time.pass(600_000);
    assert.equal(told(reader).length, count);
  });

  it("does not make the reader pester a server that knows no reports", async () => {
    const reader = await readyReader();
    reader.confirmsDenials = false;
    await reader.present(new ScriptedCard(reader.time, 3, FOREIGN));
    const before = reader.callsTo("check-in");
    await reader.time.pass(3_000_000);
    const count = reader.callsTo("check-in") - before;
    assert.ok(count <= 12, `${count} check-ins in 50 minutes`);
  });

  it("for want of a server is told when there is one again", async () => {
    const reader = await readyReader();
    const down = new LatchkeyError("network-failed");
    for (const path of [VERIFY, "identity_tag/it_request_challenge", "check-in"])
      reader.failing.set(path, down);
    await reader.present(new ScriptedCard(reader.time, 1));
    await reader.passUntil("error");
    await reader.present(new ScriptedCard(reader.time, 2));
    await reader.time.pass(30_000);
    assert.equal(reader.engine.unreportedDenials, 2);
    reader.failing.clear();
    await reader.passUntil("ready");
    await reader.time.pass(20_000);
    const last = reports(reader).findLast(({ report }) => report !== undefined);
    const reasons = last!.report!.denials.map(({ reason }) => reason);
    assert.deepEqual(reasons, ["network-failed", "network-failed"]);
    assert.equal(reader.engine.unreportedDenials, 0);
  });
});

describe("a tap that the server refused", () => {
  const answer = (challenge_id: string, granted: boolean) => ({
    challenge_id,
    granted,
    reason: granted ? "granted" : "badge-revoked",
    relay_ms: granted ? 3000 : 0,
  });

  it("is in the server's log already", async () => {
    const reader = await readyReader();
    reader.decide = (body) => answer(String(body["challenge_id"]), false);
    await reader.present(new ScriptedCard(reader.time));
    assert.equal(reader.engine.unreportedDenials, 0);
  });

  it("or granted with an answer that cannot be used is reported all the same", async () => {
    for (const granted of [true, false]) {
      const reader = await readyReader();
      reader.decide = () => answer("00000000-0000-4000-8000-999999999999", granted);
      await reader.present(new ScriptedCard(reader.time));
      await reader.time.pass(6_000);
      const [denial] = reports(reader).at(-1)!.report!.denials;
      assert.equal(denial?.reason, "decision-mismatch");
    }
  });
});

describe("a flood of taps", () => {
  it("without a pause neither silences the reader nor makes it loud", async () => {
    const reader = await readyReader();
    const before = reports(reader).length;
    const beganMs = reader.time.nowMs;
    let taps = 0;
    for (; reader.time.nowMs - beganMs < 60_000; taps++) {
      await reader.present(new ScriptedCard(reader.time, taps % 250, FOREIGN));
      await reader.time.pass(100);
    }
    const sent = reports(reader).slice(before);
    assert.ok(taps > 300, `${taps} taps`);
    assert.ok(sent.length >= 6 && sent.length <= 13, `${sent.length} check-ins in a minute`);
    for (const { report } of sent) assert.ok(report!.denials.length <= SENT_MAX);
    assert.ok(reader.engine.unreportedDenials <= KEPT_MAX);
    await reader.time.pass(60_000);
    const numbers = told(reader);
    assert.equal(numbers.at(-1), taps, "the last is always told, so that the gaps show");
    assert.deepEqual(
      numbers,
      [...new Set(numbers)].sort((a, b) => a - b),
    );
  });
});

describe("the denials that are kept", () => {
  const random = { bytes: (length: number) => new Uint8Array(length).fill(9) };
  const tap = {
    id: 1,
    badge: "04a1b2c3d4e5f6",
    startedMs: 0,
    readMs: undefined,
    askedMs: undefined,
    challenge: undefined,
    sealed: false,
  };
  const refused = (reason: string, badge = tap.badge): TapResult => ({
    ...{ granted: false, reason, holder: undefined, decided: false, local: true },
    ...{ endedMs: 1_000, tap: { ...tap, badge } },
  });
  const all = (kept: DenialReports) => {
    const found: [number, string][] = [];
    for (let report = kept.report(2_000); report !== undefined; report = kept.report(2_000)) {
      for (const { number, reason } of report.denials) found.push([number, reason]);
      kept.recorded(report.denials.at(-1)!.number);
    }
    return found;
  };

  it("are none at first, and bounded", () => {
    const kept = new DenialReports(random);
    assert.equal(kept.report(0), undefined);
    for (let i = 0; i < 1_000; i++) kept.add(refused("card-unsupported"));
    assert.equal(kept.waiting, KEPT_MAX);
    assert.equal(kept.report(2_000)!.denials.length, SENT_MAX);
    assert.equal(kept.report(2_000)!.denials[0]!.ageMs, 1_000);
  });

  it("lose what tells least, and never the last", () => {
    const kept = new DenialReports(random);
    kept.add(refused("badge-payload-invalid"));
    for (let i = 0; i < 500; i++) kept.add(refused("card-unsupported"));
    const found = all(kept);
    assert.deepEqual(found[0], [1, "badge-payload-invalid"]);
    assert.equal(found.at(-1)![0], 501);
    for (let i = 0; i < KEPT_MAX; i++) kept.add(refused("mode-mismatch"));
    kept.add(refused("card-unsupported"));
    assert.deepEqual(all(kept).at(-1), [501 + KEPT_MAX + 1, "card-unsupported"]);
  });

  it("tell no UID where none was seen", () => {
    const kept = new DenialReports(random);
    kept.add(refused("several-badges", ""));
    assert.deepEqual(kept.report(1_000)!.denials, [
      { number: 1, reason: "several-badges", ageMs: 0 },
    ]);
  });
});

import assert from "node:assert/strict";
import { LatchkeyError } from "../../protocol/errors.ts";
import { ScriptedCard, ScriptedReader } from "./scripted-reader.ts";

const CHALLENGE = "identity_tag/it_request_challenge";
const ORDER = ["network", "registering", "registered", "challenge", "verified", "active", "ready"];

describe("the boot", () => {
  it("goes through its stages in order, each as long as one exchange and no longer", async () => {
    const reader = new ScriptedReader();
    await reader.ready();
    assert.deepEqual(reader.stages, ORDER);
    const requests = 6; // join, register, challenge, verify, check-in, badge challenge
    assert.ok(reader.time.nowMs <= requests * reader.roundTripMs + 5, `${reader.time.nowMs} ms`);
    assert.deepEqual(reader.relay, []);
  });

  it("reports its health once it is verified", async () => {
    const reader = new ScriptedReader();
    await reader.ready();
    const report = reader.calls.find(({ path }) => path === "check-in")!.body;
    assert.equal(report["boot_reason"], "power-on");
    assert.equal(report["firmware"], "1.2.3");
    assert.equal(report["state"], "VERIFIED");
    assert.equal(report["heap_free"], 200_000);
    assert.equal(report["clock_age_s"], 1);
    assert.equal(report["queue"], 0);
  });

  const failures = [
    ["join", "network-down", "network"],
    ["register", "not-latchkey", "registering"],
    ["challenge", "server-untrusted", "registered"],
    ["authenticate", "network-timeout", "registered"],
    [CHALLENGE, "network-failed", "active"],
  ] as const;
  for (const [call, code, at] of failures) {
    it(`shows ${code} of ${call}, tries again and recovers`, async () => {
      const reader = new ScriptedReader();
      reader.failing.set(call, new LatchkeyError(code));
      reader.engine.dispatch({ type: "start" });
      await reader.passUntil("error");
      assert.equal(reader.engine.state.fault?.code, code);
      assert.equal(reader.engine.state.fault?.at, at);
      await reader.time.pass(60_000);
      assert.equal(reader.engine.state.stage, "error");
      assert.ok(reader.engine.state.failures >= 5, `${reader.engine.state.failures} attempts`);
      reader.failing.clear();
      await reader.passUntil("ready", 40_000);
      assert.deepEqual(reader.relay, []);
    });
  }

  it("does not need check-ins to work", async () => {
    const reader = new ScriptedReader();
    reader.failing.set("check-in", new LatchkeyError("internal"));
    await reader.ready();
    await reader.present(new ScriptedCard(reader.time));
    assert.deepEqual(reader.relay, [3000]);
  });

  it("waits for approval, asking again, and goes on by itself", async () => {
    const reader = new ScriptedReader();
    reader.registration = "pending";
    reader.engine.dispatch({ type: "start" });
    await reader.passUntil("pending");
    await reader.time.pass(30_000);
    assert.equal(reader.engine.state.stage, "pending");
    reader.registration = "exists";
    await reader.passUntil("ready", 40_000);
    assert.equal(reader.engine.state.registration, "exists");
  });

  it("without an NFC controller ends in NO READER, and starts to look for it", async () => {
    const reader = new ScriptedReader();
    reader.nfcError = new LatchkeyError("pn532-dead");
    reader.engine.dispatch({ type: "start" });
    await reader.passUntil("error");
    assert.deepEqual(reader.engine.state.fault, {
      at: "nfc",
      code: "pn532-dead",
      retryAtMs: undefined,
    });
    assert.ok(reader.watching, "nobody recovers the controller");
    await reader.report({ type: "restored" });
    await reader.passUntil("ready");
  });
});

describe("a reader that is ready", () => {
  it("replaces its challenge before it expires, without leaving READY", async () => {
    const reader = new ScriptedReader();
    await reader.ready();
    reader.stages.length = 0;
    await reader.time.pass(600_000);
    const fetched = reader.callsTo(CHALLENGE);
    assert.ok(fetched >= 19 && fetched <= 22, `${fetched} challenges in ten minutes`);
    assert.deepEqual(reader.stages, ["ready"]);
    assert.ok(reader.engine.state.held!.expiresAtMs > reader.time.nowMs + 25_000);
  });

  it("bears one lost request without a word", async () => {
    const reader = new ScriptedReader();
    await reader.ready();
    reader.failing.set(CHALLENGE, new LatchkeyError("network-timeout"));
    await reader.time.pass(30_200);
    reader.failing.clear();
    await reader.time.pass(5_000);
    assert.equal(reader.stages.includes("error"), false);
    assert.equal(reader.engine.state.linkError, undefined);
  });

  it("does not flood a server whose challenges are over at once", async () => {
    const reader = new ScriptedReader();
    reader.challengeSeconds = 0;
    reader.engine.dispatch({ type: "start" });
    await reader.passUntil("error");
    await reader.time.pass(60_000);
    assert.ok(reader.callsTo(CHALLENGE) < 15, `${reader.callsTo(CHALLENGE)} requests in a minute`);
  });

  it("checks in at its interval", async () => {
    const reader = new ScriptedReader();
    await reader.ready();
    await reader.time.pass(3_600_000);
    const count = reader.callsTo("check-in");
    assert.ok(count >= 12 && count <= 13, `${count} check-ins in an hour`);
  });

  it("says when its NFC controller fails and when it is back", async () => {
    const reader = new ScriptedReader();
    await reader.ready();
    await reader.report({ type: "fault", error: new LatchkeyError("bus-stuck") });
    assert.equal(reader.engine.state.fault?.code, "bus-stuck");
    await reader.report({ type: "restored" });
    assert.equal(reader.engine.state.stage, "ready");
    assert.equal(reader.engine.faults, 1);
  });

  it("joins again and goes through the whole boot when the network is gone", async () => {
    const reader = new ScriptedReader();
    await reader.ready();
    reader.failing.set(CHALLENGE, new LatchkeyError("network-down"));
    reader.failing.set("join", new LatchkeyError("network-down"));
    await reader.passUntil("error");
    assert.equal(reader.engine.state.fault?.at, "network");
    reader.failing.clear();
    reader.stages.length = 0;
    await reader.passUntil("ready", 60_000);
    assert.deepEqual(reader.stages.slice(-6), ORDER.slice(1));
  });

  it("leaves no timer behind when it is stopped", async () => {
    const reader = new ScriptedReader();
    await reader.ready();
    reader.engine.stop();
    await reader.time.pass(10_000);
    assert.equal(reader.time.timersSet, 0);
    reader.engine.dispatch({ type: "card", badge: "04" });
    assert.equal(reader.engine.state.stage, "ready");
  });

  it("does not let a listener that throws come between a decision and the door", async () => {
    const reader = new ScriptedReader();
    await reader.ready();
    reader.engine.onState(() => {
      throw new Error("a broken screen");
    });
    await reader.present(new ScriptedCard(reader.time));
    assert.deepEqual(reader.relay, [3000]);
    await reader.passUntil("ready");
  });
});

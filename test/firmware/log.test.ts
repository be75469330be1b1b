import assert from "node:assert/strict";
import { logLine, RingLog } from "../../firmware/log.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import type { LogFields, LogLevel } from "../../protocol/platform.ts";

function newLog(capacity = 5) {
  let nowMs = 0;
  const forwarded: [LogLevel, string][] = [];
  const forward = {
    write: (level: LogLevel, event: string) => void forwarded.push([level, event]),
  };
  const clock = { monotonicMs: () => nowMs++ };
  return { log: new RingLog({ clock, capacity, forward }), forwarded };
}

describe("the ring log", () => {
  it("keeps the last entries, numbered so that a gap can be seen", () => {
    const { log } = newLog();
    for (let i = 1; i <= 12; i++) log.write("info", `event-${i}`);
    const kept = log.last(100);
    assert.deepEqual(
      kept.map(({ number }) => number),
      [8, 9, 10, 11, 12],
    );
    assert.equal(kept[0]!.event, "event-8");
    assert.equal(log.count, 12);
    assert.equal(log.last(2).length, 2);
    assert.deepEqual(log.last(0), []);
  });

  it("can be asked for warnings only, and keeps no debug entries unless told", () => {
    const { log } = newLog();
    for (const level of ["debug", "info", "warn", "error"] as const) log.write(level, level);
    assert.deepEqual(
      log.last(10, "warn").map(({ event }) => event),
      ["warn", "error"],
    );
    assert.equal(log.last(10).length, 3);
  });

  it("hands what it keeps to the platform's log", () => {
    const { log, forwarded } = newLog();
    log.write("debug", "noise");
    log.write("warn", "trouble", { code: "network-down" });
    assert.deepEqual(forwarded, [["warn", "trouble"]]);
  });

  it("writes an entry as one line of JSON", () => {
    const { log } = newLog();
    log.write("warn", "tap-denied", { reason: "badge-moved", ms: 7, late: undefined });
    assert.equal(
      logLine(log.last(1)[0]!),
      '{"n":1,"at_ms":0,"level":"warn","event":"tap-denied","reason":"badge-moved","ms":7}',
    );
    log.write("warn", "sly", { level: "info", event: "all-well", n: 99 });
    assert.equal(logLine(log.last(1)[0]!), '{"n":2,"at_ms":1,"level":"warn","event":"sly"}');
  });

  it("is bounded in size, whatever is written into it", () => {
    const { log } = newLog();
    const many: Record<string, string> = {};
    for (let i = 0; i < 100; i++) many[`field${i}`] = "x".repeat(10_000);
    log.write("error", "huge", many);
    assert.ok(logLine(log.last(1)[0]!).length < 2_500);
  });

  it("prints no object that slipped past the types, least of all a secret", () => {
    const { log } = newLog();
    const bytes = new Uint8Array(32).fill(0xa5);
    const sly = { key: new Secret(bytes), raw: bytes, deep: { a: 1 } };
    log.write("info", "sly", sly as unknown as LogFields);
    const line = logLine(log.last(1)[0]!);
    assert.ok(!line.includes("165") && !line.includes("a5a5"), line);
    assert.deepEqual(log.last(1)[0]!.fields, {
      key: "[not shown]",
      raw: "[not shown]",
      deep: "[not shown]",
    });
  });
});

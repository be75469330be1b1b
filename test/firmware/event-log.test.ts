import assert from "node:assert/strict";
import { ALL, bytesOf, numbersIn, open } from "./event-log-kit.ts";
import { StrictFlash } from "./strict-flash.ts";

describe("event log", () => {
  it("gives events back in order, access before telemetry, until they are marked", () => {
    const log = open(new StrictFlash(8));
    const first = log.append("telemetry", bytesOf(80, 1));
    const second = log.append("access", bytesOf(30, 2));
    const third = log.append("telemetry", bytesOf(0, 3));
    assert.deepEqual(log.pending(ALL), [
      { eventClass: "access", sequence: second, data: bytesOf(30, 2) },
      { eventClass: "telemetry", sequence: first, data: bytesOf(80, 1) },
      { eventClass: "telemetry", sequence: third, data: bytesOf(0, 3) },
    ]);
    log.markUploaded("telemetry", first);
    assert.deepEqual(numbersIn(log), [second, third]);
    log.markUploaded("access", third);
    log.markUploaded("telemetry", third);
    assert.deepEqual(log.pending(ALL), []);
  });
});

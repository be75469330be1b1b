/** What the event log costs on XS, in a region of 256 kB that is full of a backlog. */
import assert from "node:assert/strict";
import { bytesOf, open } from "../firmware/event-log-kit.ts";
import { StrictFlash } from "../firmware/strict-flash.ts";
import { metered } from "./shims/meter.ts";

const BATCH = Object.freeze({ eventsMax: 60, bytesMax: 8000 });

describe("metering of the event log on XS", () => {
  const flash = new StrictFlash(64);
  const log = open(flash);
  for (let n = 0; n < 1000; n++) log.append(n % 20 === 0 ? "access" : "telemetry", bytesOf(80, n));

  it("mounts 256 kB", async () => {
    const again = flash.restarted();
    const mounted = await metered("event log: mount 256 kB", () => open(again));
    assert.equal(mounted.statistics.telemetry.pending, log.statistics.telemetry.pending);
  });

  it("appends 80 bytes, opening a sector every fifteenth time", async () => {
    await metered("event log: append 80 B × 15", () => {
      for (let n = 0; n < 15; n++) log.append("telemetry", bytesOf(80, n));
    });
  });

  it("reads a batch and marks it", async () => {
    const batch = await metered("event log: batch of 60", () => log.pending(BATCH));
    assert.equal(batch.length, 60);
    await metered("event log: mark", () => log.markUploaded("access", batch.at(-1)!.sequence));
  });
});

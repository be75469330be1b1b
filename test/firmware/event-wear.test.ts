import assert from "node:assert/strict";
import { bytesOf, open } from "./event-log-kit.ts";
import { countReads, REGION_BYTES, wearOf } from "./event-wear.ts";
import { StrictFlash } from "./strict-flash.ts";

/** Once round 64 sectors of 15 pages, and some more. */
const MINUTES = 64 * 15 + 200;

describe("event log and the life of the flash", () => {
  for (const [name, habits] of Object.entries({
    "with a network": { uploadEvery: 5, tapEvery: 30, cutEvery: 0 },
    "without one": { uploadEvery: 0, tapEvery: 0, cutEvery: 0 },
    "with a power cut every ten minutes": { uploadEvery: 30, tapEvery: 30, cutEvery: 10 },
  })) {
    it(`takes more than ten years to wear a sector out at a reading a minute, ${name}`, () => {
      const { years, erasures } = wearOf(MINUTES, habits);
      assert.ok(years > 10, `${years} years`);
      assert.ok(Math.min(...erasures) > 0, erasures.join(" "));
    });
  }

  it("mounts 256 kB from less than 24 kB of it", () => {
    const flash = new StrictFlash(REGION_BYTES / 4096);
    const log = open(flash);
    for (let n = 0; n < 1000; n++) log.append(n % 20 ? "telemetry" : "access", bytesOf(80, n));
    const { flash: counted, counts } = countReads(flash);
    open(counted);
    assert.ok(counts.bytes < 24 * 1024, `${counts.bytes} bytes`);
    assert.ok(counts.reads < 300, `${counts.reads} reads`);
  });
});

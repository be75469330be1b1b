import assert from "node:assert/strict";
import { BOOT_SECTORS, BootLog } from "../../firmware/update/boot-log.ts";
import {
  BOOT_RECORD_BYTES,
  type BootState,
  decodeBootState,
  encodeBootState,
} from "../../firmware/update/boot-state.ts";
import { FlashModel } from "../../host-sim/flash/flash-model.ts";
import { Prng } from "../../host-sim/world/prng.ts";

const image = (version: string, fill: number) => ({
  ...{ version, securityVersion: fill, size: 4096 * fill, sha256: new Uint8Array(32).fill(fill) },
});
const FULL: BootState = {
  confirmed: 1,
  images: [image("1.0.0", 1), image(`2.${"x".repeat(62)}`, 2)],
  trial: 3,
  floor: 0xfffffffe,
  download: { image: image("3.0.0-rc.1+build", 3), sectors: 183 },
  reversal: { version: "0.9", code: "firmware-unconfirmed" },
};
const numbered = (floor: number): BootState => ({
  ...{ confirmed: 0, images: [undefined, undefined], floor },
});
const flashOf = (bytes?: Uint8Array, rng = new Prng("boot", "flash")) =>
  new FlashModel({ rng, sizeBytes: BOOT_SECTORS * 4096, ...(bytes && { image: bytes }) });

describe("boot state", () => {
  it("goes through its bytes unchanged, with everything in it or nothing", () => {
    for (const state of [FULL, numbered(0)])
      assert.deepEqual(decodeBootState(encodeBootState(state, 77)), { state, sequence: 77 });
  });

  it("is no state once a bit is wrong, or it is cut short", () => {
    const bytes = encodeBootState(FULL, 1);
    for (let at = 0; at < BOOT_RECORD_BYTES; at++) {
      const bent = bytes.slice();
      bent[at]! ^= 1 << (at % 8);
      assert.equal(decodeBootState(bent), undefined, String(at));
    }
    assert.equal(decodeBootState(bytes.subarray(0, 511)), undefined);
    assert.equal(decodeBootState(new Uint8Array(512).fill(0xff)), undefined);
  });
});

describe("boot log", () => {
  it("is empty on a node that was never updated", () => {
    assert.equal(new BootLog(flashOf()).state, undefined);
  });

  it("gives back what was written last, over many turns of its sectors", () => {
    const flash = flashOf();
    for (let n = 1; n <= 100; n++) {
      new BootLog(flash).write(numbered(n));
      assert.deepEqual(new BootLog(flash).state, numbered(n));
    }
    const { eraseCounts } = flash;
    assert.ok(Math.max(...eraseCounts) - Math.min(...eraseCounts) <= 1, String(eraseCounts));
  });

  it("goes on in another sector when one is worn out, and says so when none is left", () => {
    const flash = flashOf();
    flash.wearOut(1);
    for (let n = 1; n <= 40; n++) new BootLog(flash).write(numbered(n));
    assert.deepEqual(new BootLog(flash).state, numbered(40));
    for (const sector of [0, 1, 2]) flash.wearOut(sector);
    assert.throws(
      () => {
        for (let n = 41; n <= 60; n++) new BootLog(flash).write(numbered(n));
      },
      { code: "storage-failed" },
    );
    assert.ok(new BootLog(flash).state!.floor >= 40, "what was there is there");
  });

  it("is not led astray by a torn record that reads as whole another time", () => {
    for (const before of [1, 7, 8, 15]) {
      const flash = flashOf();
      for (let n = 1; n <= before + 1; n++) new BootLog(flash).write(numbered(n));
      const whole = flash.image();
      const last = lastRecord(whole);
      // One bit of the newest record was not programmed for good: now it reads 1, later 0.
      const bit = whole.findIndex((byte, at) => at > last + 30 && at < last + 500 && byte === 0);
      const torn = whole.slice();
      torn[bit]! |= 1;
      const unlucky = flashOf(torn);
      const log = new BootLog(unlucky);
      assert.equal(log.state!.floor, before);
      log.write(numbered(100));
      const later = unlucky.image();
      if (later[bit] === torn[bit]) later[bit]! &= ~1;
      assert.equal(new BootLog(flashOf(later)).state!.floor, 100, `after ${before}`);
    }
  });
});

/** Where the record with the highest number begins. */
function lastRecord(bytes: Uint8Array): number {
  let found = 0;
  let highest = -1;
  for (let at = 0; at + BOOT_RECORD_BYTES <= bytes.length; at += BOOT_RECORD_BYTES) {
    const record = decodeBootState(bytes.subarray(at, at + BOOT_RECORD_BYTES));
    if (record === undefined || record.sequence < highest) continue;
    highest = record.sequence;
    found = at;
  }
  return found;
}

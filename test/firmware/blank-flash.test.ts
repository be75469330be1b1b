/** A flash that can tell by itself what is blank: the image's, where reading it takes long. */
import assert from "node:assert/strict";
import { FlashRegion } from "../../firmware/journal/flash-region.ts";
import { isErased } from "../../firmware/journal/page.ts";
import { ALL, bytesOf, numbersIn, open } from "./event-log-kit.ts";
import { StrictFlash } from "./strict-flash.ts";

class TellingFlash extends StrictFlash {
  reads = 0;
  asked = 0;

  override read(offset: number, length: number): Uint8Array {
    this.reads++;
    return super.read(offset, length);
  }

  isErased(offset: number, length: number): boolean {
    this.asked++;
    return isErased(super.read(offset, length));
  }
}

describe("a flash that tells what is blank", () => {
  it("is mounted with one look at each blank sector, and no read", () => {
    const flash = new TellingFlash(58);
    open(flash);
    assert.equal(flash.reads, 0);
    assert.equal(flash.asked, 58);
  });

  it("gives the same log as one that does not", () => {
    const plain = new StrictFlash(8);
    const telling = new TellingFlash(8);
    for (const flash of [plain, telling]) {
      const log = open(flash);
      for (let n = 0; n < 70; n++) log.append(n % 3 === 0 ? "access" : "telemetry", bytesOf(90, n));
    }
    assert.deepEqual(telling.read(0, telling.sizeBytes), plain.read(0, plain.sizeBytes));
    assert.deepEqual(numbersIn(open(telling)), numbersIn(open(plain)));
    assert.deepEqual(open(telling).pending(ALL), open(plain).pending(ALL));
  });

  it("is asked through a region, which keeps to its bounds", () => {
    const flash = new TellingFlash(8);
    flash.program(4096, new Uint8Array(256));
    const region = new FlashRegion(flash, 4096, 8192);
    assert.equal(region.isErased!(0, 1), false);
    assert.equal(region.isErased!(256, 8192 - 256), true);
    assert.throws(() => region.isErased!(256, 8192), RangeError);
    assert.equal(new FlashRegion(new StrictFlash(8), 0, 8192).isErased, undefined);
  });
});

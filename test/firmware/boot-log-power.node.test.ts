import assert from "node:assert/strict";
import { BOOT_SECTORS, BootLog } from "../../firmware/update/boot-log.ts";
import type { BootState } from "../../firmware/update/boot-state.ts";
import { FlashModel } from "../../host-sim/flash/flash-model.ts";
import { PowerCut, TEARS } from "../../host-sim/flash/tear.ts";
import { Prng } from "../../host-sim/world/prng.ts";

const numbered = (floor: number): BootState => ({
  ...{ confirmed: 0, images: [undefined, undefined], floor },
});

describe("boot log under power cuts", function () {
  this.timeout(60_000);

  it("leaves the state before or the one after at every cut, and reset storms change nothing", () => {
    let cuts = 0;
    for (let writes = 0; writes < 20; writes++) {
      for (const tear of TEARS) {
        for (let operation = 1; operation <= 3; operation++) {
          const rng = new Prng(`${writes} ${operation}`, tear);
          const flash = new FlashModel({ rng, sizeBytes: BOOT_SECTORS * 4096 });
          const log = new BootLog(flash);
          for (let n = 1; n <= writes; n++) log.write(numbered(n));
          flash.cutAt(operation, tear);
          let last = writes;
          try {
            log.write(numbered(writes + 1));
          } catch (error) {
            assert.ok(error instanceof PowerCut);
            cuts++;
          }
          // Torn bits read as they like: each start may see either, and writes another.
          for (let start = 0; start < 3; start++) {
            flash.powerOn();
            const seen = new BootLog(flash).state?.floor ?? 0;
            const either = seen === last || (start === 0 && seen === writes + 1);
            assert.ok(either, `${writes} ${operation} ${tear} ${start}: ${seen}`);
            last = 100 + start;
            new BootLog(flash).write(numbered(last));
          }
          for (let reading = 0; reading < 5; reading++)
            assert.equal(new BootLog(flash).state!.floor, last);
        }
      }
    }
    assert.ok(cuts > 200, `only ${cuts}`);
  });
});

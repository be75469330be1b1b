import assert from "node:assert/strict";
import fc from "fast-check";
import { FLASH_TIMES_US, FlashModel, type FlashOptions } from "../../host-sim/flash/flash-model.ts";
import { everyCut, PowerCut, TEARS } from "../../host-sim/flash/tear.ts";
import { Prng } from "../../host-sim/world/prng.ts";
import { World } from "../../host-sim/world/world.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";

const SMALL = { sizeBytes: 2048, sectorBytes: 512, pageBytes: 64 };

function flash(options: Partial<FlashOptions> = {}): FlashModel {
  return new FlashModel({ ...SMALL, rng: new Prng("flash", "test"), ...options });
}

const page = (fill: number): Uint8Array => new Uint8Array(64).fill(fill);
const isCut = (error: unknown): boolean => error instanceof PowerCut;

describe("flash model: rules", () => {
  it("has the geometry of the RP2350 unless told otherwise, and starts erased", () => {
    const model = new FlashModel({ rng: new Prng("flash", "test") });
    assert.deepEqual([model.sizeBytes, model.sectorBytes, model.pageBytes], [65_536, 4096, 256]);
    assert.ok(model.read(0, 65_536).every((byte) => byte === 0xff));
  });

  it("programs by clearing bits and erases whole sectors", () => {
    const model = flash();
    model.program(512, page(0x0f));
    model.program(512, page(0x03));
    assert.equal(model.read(512, 1)[0], 0x03);
    model.program(576, page(0x55));
    model.erase(512);
    assert.ok(model.read(512, 512).every((byte) => byte === 0xff));
    assert.deepEqual(model.eraseCounts, [0, 1, 0, 0]);
  });

  it("refuses to set a bit without an erase, and changes nothing then", () => {
    const model = flash();
    model.program(0, page(0x0f));
    assert.throws(() => model.program(0, page(0x10)), /without an erase/);
    assert.equal(model.read(0, 1)[0], 0x0f);
  });

  it("leaves a byte alone that is programmed with FF", () => {
    const model = flash();
    model.program(0, page(0x0f));
    const mark = page(0xff);
    mark[3] = 0x00;
    model.program(0, mark);
    assert.deepEqual([...model.read(2, 3)], [0x0f, 0x00, 0x0f]);
  });

  it("refuses what is not aligned or not inside", () => {
    const model = flash();
    for (const wrong of [
      () => model.program(1, page(0)),
      () => model.program(0, new Uint8Array(65)),
      () => model.program(2048, page(0)),
      () => model.erase(64),
      () => model.erase(-512),
      () => model.erase(2048),
      () => model.read(2047, 2),
      () => model.read(0.5, 1),
    ])
      assert.throws(wrong, RangeError);
    assert.throws(() => flash({ sectorBytes: 500 }), RangeError);
  });

  it("takes time: 45 ms for an erase, 0.4 ms for each page", () => {
    const world = new World({ seed: "flash", idle: () => Promise.resolve() });
    const model = flash({ world });
    model.erase(0);
    model.program(0, new Uint8Array(128));
    assert.equal(world.nowUs(), FLASH_TIMES_US.sectorErase + 2 * FLASH_TIMES_US.pageProgram);
    assert.equal(model.stats.busyUs, world.nowUs());
    assert.deepEqual([model.operations, model.stats.programs, model.stats.erases], [3, 2, 1]);
  });
});

describe("flash model: power cuts", () => {
  it("hit the planned operation, and nothing works until the power is back", () => {
    let told = 0;
    const model = flash({ onCut: () => told++ });
    model.cutAt(2, "before");
    model.program(0, page(0x11));
    assert.throws(() => model.program(64, page(0x22)), isCut);
    assert.equal(told, 1);
    for (const dead of [
      () => model.read(0, 1),
      () => model.erase(0),
      () => model.program(0, page(0)),
    ])
      assert.throws(dead, isCut);
    model.powerOn();
    assert.equal(model.read(0, 1)[0], 0x11);
    assert.equal(model.read(64, 1)[0], 0xff);
  });

  it("leave of a program what each tear class says", () => {
    const leftBy = (tear: (typeof TEARS)[number]): FlashModel => {
      const model = flash();
      model.cutAt(1, tear);
      assert.throws(() => model.program(0, page(0x00)), isCut);
      model.powerOn();
      return model;
    };
    assert.ok(
      leftBy("before")
        .read(0, 64)
        .every((byte) => byte === 0xff),
    );
    assert.ok(
      leftBy("after")
        .read(0, 64)
        .every((byte) => byte === 0x00),
    );
    const prefix = [...leftBy("prefix").read(0, 64)];
    assert.deepEqual(
      prefix,
      [...prefix].sort((a, b) => a - b),
    );
    const random = leftBy("random");
    assert.deepEqual(random.read(0, 64), random.read(0, 64));
    assert.ok(new Set(random.read(0, 64)).size > 10);
    const weak = leftBy("half-erased");
    assert.notDeepEqual(weak.read(0, 64), weak.read(0, 64));
    weak.program(0, page(0x00));
    assert.ok(weak.read(0, 64).every((byte) => byte === 0));
  });

  it("leave of an erase what each tear class says, and the next erase heals it", () => {
    for (const tear of TEARS) {
      const model = flash();
      for (let at = 0; at < 512; at += 64) model.program(at, page(0x00));
      model.cutAt(1, tear);
      assert.throws(() => model.erase(0), isCut);
      model.powerOn();
      const [one, two] = [model.read(0, 512), model.read(0, 512)];
      if (tear === "before") assert.ok(one.every((byte) => byte === 0));
      if (tear === "after") assert.ok(one.every((byte) => byte === 0xff));
      if (tear === "half-erased") assert.notDeepEqual(one, two);
      else assert.deepEqual(one, two);
      model.erase(0);
      assert.ok(model.read(0, 512).every((byte) => byte === 0xff));
    }
  });

  it("tear a program of several pages at the page where they hit", () => {
    const model = flash();
    model.cutAt(2, "before");
    assert.throws(() => model.program(0, new Uint8Array(192)), isCut);
    model.powerOn();
    assert.deepEqual([model.read(0, 1)[0], model.read(64, 1)[0]], [0x00, 0xff]);
  });

  it("can come from the world in the middle of an operation", () => {
    const world = new World({ seed: "cut", idle: () => Promise.resolve() });
    const model = flash({ world });
    model.program(0, page(0x00));
    world.after(10_000, () => model.powerOff());
    assert.throws(() => model.erase(0), isCut);
    model.powerOn();
    assert.notDeepEqual(model.read(0, 64), page(0x00));
  });

  it("can be enumerated: every operation times every tear class", () => {
    const cuts = everyCut(3);
    assert.equal(cuts.length, 15);
    assert.equal(new Set(cuts.map((cut) => JSON.stringify(cut))).size, 15);
    assert.deepEqual(cuts[0], { operation: 1, tear: "before" });
  });

  it("do the same again from the same seed and image", () => {
    const once = (): Uint8Array => {
      const model = flash({ image: new Uint8Array(2048) });
      model.cutAt(1, "random");
      assert.throws(() => model.erase(512), isCut);
      return model.image();
    };
    assert.deepEqual(once(), once());
  });
});

describe("flash model: wear", () => {
  it("fails the erase of a worn sector and leaves cells at 0", () => {
    const model = flash({ endurance: 3 });
    for (let i = 0; i < 3; i++) model.erase(0);
    const failed = (error: unknown): boolean => isLatchkeyError(error, "storage-failed");
    assert.throws(() => model.erase(0), failed);
    assert.ok(model.read(0, 512).some((byte) => byte !== 0xff));
    model.erase(512);
    model.wearOut(1);
    assert.throws(() => model.erase(512), failed);
  });

  it("keeps a stuck bit whatever is written", () => {
    const model = flash();
    model.stickBit(5, 0, 0);
    model.stickBit(5, 7, 1);
    assert.equal(model.read(5, 1)[0], 0xfe);
    model.program(0, page(0x00));
    assert.equal(model.read(5, 1)[0], 0x80);
    assert.equal(model.read(4, 1)[0], 0x00);
  });
});

describe("flash model under random operations", () => {
  it("sets bits by erasing only, touches nothing else, and agrees with a plain array", () => {
    const operation = fc.oneof(
      fc.record({ kind: fc.constant("erase" as const), at: fc.nat(3) }),
      fc.record({
        kind: fc.constant("program" as const),
        at: fc.nat(31),
        data: fc.uint8Array({ minLength: 64, maxLength: 64 }),
      }),
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 30 }), (operations) => {
        const model = flash();
        const plain = new Uint8Array(2048).fill(0xff);
        for (const step of operations) {
          if (step.kind === "erase") {
            model.erase(step.at * 512);
            plain.fill(0xff, step.at * 512, (step.at + 1) * 512);
          } else {
            const data = step.data.map((byte, i) => byte & plain[step.at * 64 + i]!);
            model.program(step.at * 64, data);
            plain.set(data, step.at * 64);
          }
        }
        assert.deepEqual(model.read(0, 2048), plain);
      }),
      { numRuns: 100 },
    );
  });

  it("a cut never changes a byte outside of the operation that it hits", () => {
    fc.assert(
      fc.property(fc.constantFrom(...TEARS), fc.nat(3), fc.boolean(), (tear, sector, erases) => {
        const image = Uint8Array.from({ length: 2048 }, (_, i) => (i * 37) & 0xff);
        const model = flash({ image });
        model.cutAt(1, tear);
        const at = sector * 512;
        assert.throws(() => (erases ? model.erase(at) : model.program(at, page(0))), isCut);
        model.powerOn();
        const now = model.read(0, 2048);
        const end = at + (erases ? 512 : 64);
        for (let i = 0; i < 2048; i++) if (i < at || i >= end) assert.equal(now[i], image[i]);
      }),
      { numRuns: 60 },
    );
  });
});

import assert from "node:assert/strict";
import { CONFIG_BYTES_MAX, packConfigSlot } from "../../firmware/provisioning/config-slot.ts";
import { FlashConfigStore } from "../../firmware/provisioning/flash-config-store.ts";
import { FlashModel } from "../../host-sim/flash/flash-model.ts";
import { everyCut, PowerCut } from "../../host-sim/flash/tear.ts";
import { Prng } from "../../host-sim/world/prng.ts";
import { throwsCode } from "../protocol/error-code.ts";

const OLD = JSON.stringify({ label: "old", pad: "x".repeat(300) });
const NEW = JSON.stringify({ label: "new", pad: "y".repeat(260) });
const DAMAGED = "(damaged)";

function flash(seed: string): FlashModel {
  return new FlashModel({ rng: new Prng(seed, "flash"), sizeBytes: 8192 });
}

/** The flash after the stores of `texts`, and the count of operations of the last one. */
function written(seed: string, texts: readonly string[]): FlashModel {
  const model = flash(seed);
  for (const text of texts) new FlashConfigStore(model).write(text);
  return model;
}

function readBack(model: FlashModel): string | undefined {
  try {
    return new FlashConfigStore(model).read();
  } catch (error) {
    assert.equal((error as { code?: string }).code, "storage-corrupt");
    return DAMAGED;
  }
}

function operationsOf(before: readonly string[], work: (store: FlashConfigStore) => void): number {
  const model = written("count", before);
  const start = model.operations;
  work(new FlashConfigStore(model));
  return model.operations - start;
}

describe("the configuration in flash", () => {
  it("is what was stored last, over restarts", () => {
    const model = flash("plain");
    assert.equal(new FlashConfigStore(model).read(), undefined);
    for (const text of [OLD, NEW, "{}", OLD]) {
      new FlashConfigStore(model).write(text);
      assert.equal(new FlashConfigStore(model).read(), text);
    }
    new FlashConfigStore(model).clear();
    assert.equal(new FlashConfigStore(model).read(), undefined);
  });

  it("takes all that a sector holds, and no byte more", () => {
    const model = flash("long");
    const store = new FlashConfigStore(model);
    const most = "m".repeat(CONFIG_BYTES_MAX);
    store.write(most);
    assert.equal(store.read(), most);
    throwsCode(() => store.write(`${most}m`), "config-invalid");
    assert.equal(store.read(), most);
  });

  for (const before of [[], [OLD]]) {
    it(`is the old or the new one after a power cut anywhere, ${before.length} before`, () => {
      const old = before.length === 0 ? [undefined, DAMAGED] : [OLD];
      const cuts = everyCut(operationsOf(before, (store) => store.write(NEW)));
      assert.ok(cuts.length >= 15);
      let news = 0;
      for (const { operation, tear } of cuts) {
        for (const seed of ["1", "2"]) {
          const where = `operation ${operation}, ${tear}, ${seed}`;
          const model = written(`${where}`, before);
          model.cutAt(operation, tear);
          assert.throws(() => new FlashConfigStore(model).write(NEW), PowerCut, where);
          model.powerOn();
          const first = readBack(model);
          assert.ok([...old, NEW].includes(first), `${where}: ${first}`);
          if (first === NEW) news++;
          // Whatever it was decided to be, it stays: bits in between are settled.
          if (first !== DAMAGED && first !== undefined)
            for (let boot = 0; boot < 6; boot++) assert.equal(readBack(model), first, where);
          new FlashConfigStore(model).write(NEW);
          assert.equal(readBack(model), NEW, `${where}: written again`);
        }
      }
      assert.ok(news > 0, "no cut came late enough");
    });
  }

  it("survives a second power cut while the first is mended", () => {
    for (const { operation, tear } of everyCut(operationsOf([OLD], (s) => s.write(NEW)))) {
      if (tear === "before" || tear === "after") continue; // as if nothing had happened
      for (const second of everyCut(4).filter(({ tear }) => /random|half/.test(tear))) {
        const where = `${operation} ${tear}, then ${second.operation} ${second.tear}`;
        const model = written(where, [OLD]);
        model.cutAt(operation, tear);
        assert.throws(() => new FlashConfigStore(model).write(NEW), PowerCut);
        model.powerOn();
        model.cutAt(second.operation, second.tear);
        try {
          new FlashConfigStore(model).read();
        } catch (error) {
          assert.ok(error instanceof PowerCut, where);
        }
        model.powerOn();
        assert.ok([OLD, NEW].includes(readBack(model) ?? ""), where);
      }
    }
  });

  it("says so when it is damaged, and can be written again", () => {
    const slot = packConfigSlot({ sequence: 7, json: OLD });
    for (let at = 0; at < slot.length; at += 13) {
      const image = slot.slice();
      image[at]! ^= 0x10;
      const model = new FlashModel({ rng: new Prng("x", "x"), sizeBytes: 8192, image });
      throwsCode(() => new FlashConfigStore(model).read(), "storage-corrupt");
      new FlashConfigStore(model).write(NEW);
      assert.equal(new FlashConfigStore(model).read(), NEW);
    }
  });

  it("is not believed when flash does not keep it", () => {
    const model = flash("stuck");
    model.stickBit(300, 0, 0);
    const text = JSON.stringify({ pad: "\u007f".repeat(600) });
    throwsCode(() => new FlashConfigStore(model).write(text), "storage-failed");
  });
});

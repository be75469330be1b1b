import assert from "node:assert/strict";
import { chooseBoot, TRIAL_STARTS } from "../../firmware/update/boot-choice.ts";
import type { BootState, Slot, SlotImage } from "../../firmware/update/boot-state.ts";

const image = (securityVersion: number): SlotImage => ({
  ...{ version: `1.${securityVersion}`, securityVersion, size: 100 },
  sha256: new Uint8Array(32).fill(securityVersion),
});
const OLD = image(7);
const NEW = image(8);
const steady: BootState = { confirmed: 0, images: [OLD, undefined], floor: 7 };
const onTrial: BootState = { ...steady, images: [OLD, NEW], trial: TRIAL_STARTS };
const all = () => true;
const none = () => false;
const only = (slot: Slot) => (asked: Slot) => asked === slot;

describe("boot choice", () => {
  it("starts the confirmed image, and writes nothing for it", () => {
    const choice = chooseBoot(steady, all);
    assert.equal(choice.slot, 0);
    assert.equal(choice.next, steady);
  });

  it("starts what a tool wrote, of which nothing is known", () => {
    const bare: BootState = { confirmed: 0, images: [undefined, undefined], floor: 0 };
    assert.equal(chooseBoot(bare, none).slot, 0);
  });

  it("starts an image on trial a counted number of times, then the old one, for good", () => {
    let state = onTrial;
    const started: (Slot | undefined)[] = [];
    for (let start = 0; start < TRIAL_STARTS + 2; start++) {
      const choice = chooseBoot(state, all);
      started.push(choice.slot);
      state = choice.next;
    }
    assert.deepEqual(started, [1, 1, 1, 0, 0]);
    assert.deepEqual(state.reversal, { version: "1.8", code: "firmware-unconfirmed" });
    assert.deepEqual(state.images, [OLD, undefined]);
    assert.equal(state.trial, undefined);
  });

  it("counts a trial's start before it is made", () => {
    assert.equal(chooseBoot(onTrial, all).next.trial, TRIAL_STARTS - 1);
  });

  it("starts no image on trial that is damaged, or that is not there", () => {
    const damaged = chooseBoot(onTrial, only(0));
    assert.equal(damaged.slot, 0);
    assert.deepEqual(damaged.next.reversal, { version: "1.8", code: "firmware-mismatch" });
    assert.equal(chooseBoot({ ...onTrial, images: [OLD, undefined] }, all).slot, 0);
  });

  it("starts the other image when the confirmed one is damaged, unless that is unsafe", () => {
    const both: BootState = { ...steady, images: [OLD, NEW] };
    const saved = chooseBoot(both, only(1));
    assert.equal(saved.slot, 1);
    assert.deepEqual([saved.next.confirmed, saved.next.images[0]], [1, undefined]);
    assert.equal(saved.next.reversal?.version, "1.7");
    assert.equal(chooseBoot(saved.next, only(1)).slot, 1, "and stays with it");
    const rolled: BootState = { confirmed: 1, images: [OLD, NEW], floor: 8 };
    assert.equal(chooseBoot(rolled, only(0)).slot, undefined, "older than what was confirmed");
    assert.equal(chooseBoot(both, none).slot, undefined);
  });

  it("never looks at a slot that it would not start", () => {
    const asked: Slot[] = [];
    chooseBoot(steady, (slot) => {
      asked.push(slot);
      return true;
    });
    assert.deepEqual(asked, [0]);
  });

  it("gives the same for slots the other way round", () => {
    const mirrored: BootState = { confirmed: 1, images: [NEW, OLD], floor: 7, trial: 1 };
    assert.equal(chooseBoot(mirrored, all).slot, 0);
    const back = chooseBoot({ ...mirrored, trial: 0 }, all);
    assert.equal(back.slot, 1);
    assert.deepEqual(back.next.images, [undefined, OLD]);
  });
});

import assert from "node:assert/strict";
import { WrongKeys } from "../../firmware/reader/wrong-keys.ts";
import { throwsCode } from "../protocol/error-code.ts";

const uid = (n: number) => new Uint8Array(7).fill(n);

describe("badges with other keys", () => {
  let nowMs: number;
  let wrong: WrongKeys;
  const rests = (n = 1): boolean => {
    try {
      wrong.check(uid(n));
      return false;
    } catch {
      return true;
    }
  };

  beforeEach(() => {
    nowMs = 5_000;
    wrong = new WrongKeys({ monotonicMs: () => nowMs });
  });

  it("rest for ten seconds, twice as long each time, for an hour at most", () => {
    const lengths: number[] = [];
    for (let time = 0; time < 12; time++) {
      assert.equal(rests(), false);
      wrong.add(uid(1));
      const fromMs = nowMs;
      while (rests()) nowMs += 10_000;
      lengths.push((nowMs - fromMs) / 1000);
    }
    assert.deepEqual(lengths, [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600]);
  });

  it("are refused with card-key-wrong, and others are not", () => {
    wrong.add(uid(1));
    throwsCode(() => wrong.check(uid(1)), "card-key-wrong");
    assert.equal(rests(2), false);
  });

  it("begin anew once they have proved themselves", () => {
    wrong.add(uid(1));
    wrong.add(uid(1));
    wrong.forget(uid(1));
    assert.equal(rests(), false);
    wrong.add(uid(1));
    nowMs += 10_000;
    assert.equal(rests(), false);
  });

  it("are sixteen at most, the latest", () => {
    for (let n = 1; n <= 17; n++) wrong.add(uid(n));
    assert.equal(rests(1), false);
    for (let n = 2; n <= 17; n++) assert.equal(rests(n), true);
  });

  it("make at most 178 attempts in a week of trying", () => {
    let attempts = 0;
    for (const endMs = nowMs + 7 * 86_400_000; nowMs < endMs; nowMs += 10_000)
      if (!rests()) {
        attempts++;
        wrong.add(uid(1));
      }
    assert.ok(attempts <= 178, `${attempts}`);
  });
});

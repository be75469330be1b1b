import assert from "node:assert/strict";
import fc from "fast-check";
import { PlausibleChannel, type PlausibleOptions } from "../../hal/sensors/plausible.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import { throwsCode } from "../protocol/error-code.ts";

const MINUTE = 60_000;

/** A channel that is asked once a minute. */
function channel(options: Partial<PlausibleOptions> = {}) {
  const judge = new PlausibleChannel("temperature", { min: -40, max: 85, ...options });
  let atMs = 0;
  return {
    judge,
    /** The value, or the code. */
    ask(value: number, afterMs = MINUTE): number | string {
      atMs += afterMs;
      try {
        return judge.accept(value, atMs);
      } catch (error) {
        if (isLatchkeyError(error)) return error.code;
        throw error;
      }
    },
  };
}

describe("the plausible channel", () => {
  it("gives back what it believes as it is", () => {
    const { ask } = channel();
    for (const value of [21.25, -40, 85, 0, 21.250001]) assert.equal(ask(value), value);
  });

  it("refuses what is out of range, and NaN and infinity with it", () => {
    const { ask } = channel();
    for (const value of [-40.01, 85.01, Number.NaN, Number.POSITIVE_INFINITY, -1 / 0]) {
      assert.equal(ask(value), "sensor-out-of-range");
    }
    assert.equal(ask(20), 20);
  });

  it("names the channel and the value in its error", () => {
    const { judge } = channel();
    const error = throwsCode(() => judge.accept(99, 0), "sensor-out-of-range");
    assert.equal(error.message, "temperature is outside of -40 to 85");
    assert.deepEqual(error.detail, { channel: "temperature", value: 99 });
  });

  it("a spark is one sensor-jump, and it goes on from where it was", () => {
    const { ask } = channel({ stepMax: 5 });
    assert.deepEqual(
      [21, 21.1, 64, 21.2].map((value) => ask(value)),
      [21, 21.1, "sensor-jump", 21.2],
    );
  });

  it("a jump is believed once two further readings confirm it", () => {
    const { ask } = channel({ stepMax: 5 });
    assert.deepEqual(
      [21, 64, 64.2, 64.1, 64].map((value) => ask(value)),
      [21, "sensor-jump", "sensor-jump", 64.1, 64],
    );
  });

  it("readings that jump about confirm nothing", () => {
    const { ask } = channel({ stepMax: 5 });
    ask(21);
    for (const value of [64, 30, 70, -20, 55, 0]) assert.equal(ask(value), "sensor-jump");
    assert.equal(ask(22), 22);
  });

  it("how many confirmations it takes can be told, also none", () => {
    assert.equal(channel({ stepMax: 5, confirmations: 0 }).ask(64), 64);
    const { ask } = channel({ stepMax: 5, confirmations: 1 });
    assert.deepEqual(
      [21, 64, 64].map((value) => ask(value)),
      [21, "sensor-jump", 64],
    );
  });

  it("believes a larger change after a longer silence", () => {
    const options = { stepMax: 1, perSecond: 0.05 };
    assert.equal(channel(options).ask(20), 20);
    const soon = channel(options);
    soon.ask(20);
    assert.equal(soon.ask(30, 10_000), "sensor-jump");
    const late = channel(options);
    late.ask(20);
    assert.equal(late.ask(30, 200_000), 30);
  });

  it("the same value for too long is sensor-stuck, until it moves again", () => {
    const { ask } = channel({ stuckMs: 5 * MINUTE });
    assert.equal(ask(21), 21);
    for (let minute = 1; minute <= 5; minute++) assert.equal(ask(21), 21);
    assert.equal(ask(21), "sensor-stuck");
    assert.equal(ask(21), "sensor-stuck");
    assert.equal(ask(21.001), 21.001);
  });

  it("the end of the range is no standstill: 100 % in fog", () => {
    const { ask } = channel({ min: 0, max: 100, stuckMs: MINUTE });
    for (let minute = 0; minute < 20; minute++) assert.equal(ask(100), 100);
    assert.equal(ask(99.9), 99.9);
    assert.equal(ask(99.9), 99.9);
    assert.equal(ask(99.9), "sensor-stuck");
  });

  it("may stand still for ever where that is right", () => {
    const { ask } = channel();
    for (let minute = 0; minute < 1000; minute++) assert.equal(ask(0), 0);
  });

  it("forgets the past when told to", () => {
    const { ask, judge } = channel({ stepMax: 1, stuckMs: MINUTE });
    ask(20);
    judge.reset();
    assert.equal(ask(80), 80);
  });

  it("gives any reading back unchanged or refuses it with one of three codes", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.double(), fc.nat(100_000))), (readings) => {
        const { ask } = channel({ stepMax: 10, perSecond: 0.01, stuckMs: MINUTE });
        for (const [value, afterMs] of readings) {
          const result = ask(value, afterMs);
          if (typeof result === "number") {
            assert.ok(Object.is(result, value) && value >= -40 && value <= 85);
          } else {
            assert.match(result, /^sensor-(out-of-range|jump|stuck)$/);
          }
        }
      }),
    );
  });
});

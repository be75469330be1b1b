import assert from "node:assert/strict";
import fc from "fast-check";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { chipInField } from "./chip-reader.ts";

const WRONG = new Uint8Array(16).fill(0xee);
const SELECT = "00a4040007d276000085010100";

describe("the failed-authentication counters of AN12196 §7.4", () => {
  it("count by key, from the first part on, and over a loss of power", () => {
    const { chip, memory, reader } = chipInField();
    reader.authenticate(1, WRONG);
    reader.say("9071000002010000");
    chip.fieldOff();
    chip.fieldOn();
    reader.say(SELECT);
    assert.deepEqual(memory.failures[1], { total: 2, consecutive: 2, spentTime: 0 });
    assert.deepEqual(memory.failures[2], { total: 0, consecutive: 0, spentTime: 0 });
    reader.authenticate(2);
    reader.authenticate(1, WRONG, false);
    assert.equal(memory.failures[1]!.total, 3, "a non-first authentication counts as well");
  });

  it("go down by the decrement with a success", () => {
    const { memory, reader } = chipInField();
    memory.failures[3]!.total = 25;
    memory.failures[3]!.consecutive = 7;
    assert.equal(reader.authenticate(3), "9100");
    assert.deepEqual(memory.failures[3], { total: 16, consecutive: 0, spentTime: 0 });
    reader.authenticate(3);
    reader.authenticate(3);
    assert.equal(memory.failures[3]!.total, 0);
  });

  it("delay after 50 failures in a row, longer each time, until the key proves right", () => {
    const { chip, memory, reader } = chipInField();
    for (let i = 0; i < 50; i++) assert.equal(reader.authenticate(1, WRONG), "91ae");
    const ask = () => chip.apdu(fromHex("9071000002010000"));
    const slow = ask();
    assert.equal(toHex(slow.response.slice(-2)), "91af");
    assert.ok(slow.timeUs > 25_000 && slow.timeUs < 38_660, "within the frame waiting time");
    reader.say(`90af000020${"00".repeat(32)}00`);
    const refusals: number[] = [];
    for (let round = 0; round < 3; round++) {
      let count = 0;
      for (let answer = ask(); toHex(answer.response) === "91ad"; answer = ask()) {
        assert.ok(answer.timeUs > 25_000 && answer.timeUs < 38_660);
        count++;
      }
      refusals.push(count);
      reader.say(`90af000020${"00".repeat(32)}00`);
    }
    assert.deepEqual(refusals, [2, 3, 4]);
    assert.equal(reader.authenticate(2), "9100", "another key is not delayed");
    let sw = reader.authenticate(1);
    for (let i = 0; sw === "91ad" && i < 300; i++) sw = reader.authenticate(1);
    assert.equal(sw, "9100");
    assert.equal(memory.failures[1]!.consecutive, 0);
    assert.equal(reader.authenticate(1), "9100");
  });

  it("stop counting the failures in a row at 255", () => {
    const { memory, reader } = chipInField();
    Object.assign(memory.failures[1]!, { consecutive: 254, spentTime: 205 });
    assert.equal(reader.authenticate(1, WRONG), "91ae");
    memory.failures[1]!.spentTime = 206;
    assert.equal(reader.authenticate(1, WRONG), "91ae");
    assert.deepEqual(memory.failures[1], { total: 2, consecutive: 255, spentTime: 0 });
  });

  it("keep the session while the delay is spent, so that it can go on", () => {
    const { memory, reader } = chipInField();
    reader.authenticate(0);
    memory.failures[1]!.consecutive = 52;
    const answers = Array.from({ length: 4 }, () => reader.authenticate(1, undefined, false));
    assert.deepEqual(answers, ["91ad", "91ad", "91ad", "9100"]);
  });

  it("lock the key at the limit, until ChangeKey gives it a new life", () => {
    const { memory, reader } = chipInField();
    memory.failures[1]!.total = 999;
    reader.authenticate(1, WRONG);
    assert.equal(memory.failures[1]!.total, 1000);
    assert.equal(reader.authenticate(1), "919d", "the right key comes too late");
    reader.authenticate(0);
    const sameKey = `${"00".repeat(16)}00`;
    const { sw } = reader.send(0xc4, "01", `${sameKey}${crcOfZeros}`, "full");
    assert.equal(sw, "9100");
    assert.equal(memory.failures[1]!.total, 0);
    assert.equal(reader.authenticate(1), "9100");
    memory.failures[0]!.total = 1000;
    assert.equal(reader.authenticate(0), "919d", "nobody can free the master key");
  });

  it("are left alone where counting is off", () => {
    const { memory, reader } = chipInField();
    memory.configuration.failureCounting = false;
    for (let i = 0; i < 60; i++) assert.equal(reader.authenticate(1, WRONG), "91ae");
    assert.equal(memory.failures[1]!.total, 0);
  });

  it("cannot be run around by whoever lacks the key", () => {
    const step = fc.constantFrom(
      ...([
        "wrong",
        "abandon",
        "power",
        "deselect",
        "select",
        "other",
        "torn",
        "nonfirst",
      ] as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, lrp) => {
        const { chip, memory, reader } = chipInField({ lrp });
        const start = lrp ? "907100000301010200" : "9071000002010000";
        const counters = memory.failures[1]!;
        memory.keys[1] = { value: new Uint8Array(16).fill(0x77), version: 0 };
        counters.consecutive = 45;
        counters.total = 980;
        let challenges = 0;
        for (const what of steps) {
          const before = { ...counters };
          if (what === "power" || what === "deselect") {
            if (what === "power") chip.fieldOff();
            chip[what === "power" ? "fieldOn" : "deselect"]();
            reader.say(SELECT);
          } else if (what === "select") reader.say(SELECT);
          else if (what === "other") reader.authenticate(2);
          else if (what === "torn") {
            // The card is pulled before its answer: whatever it forgets, nothing was learnt.
            reader.say(start);
            chip.tearing = "undone";
            chip.torn();
            chip.fieldOff();
            chip.fieldOn();
            reader.say(SELECT);
          } else {
            const sw =
              what === "abandon"
                ? reader.say(start).slice(-4)
                : reader.authenticate(1, WRONG, what === "wrong");
            assert.notEqual(sw, "9100");
            if (sw === "91af" || sw === "91ae") {
              challenges++;
              assert.equal(counters.total, before.total + 1);
            }
          }
          assert.ok(counters.total >= before.total);
          assert.ok(counters.consecutive >= before.consecutive);
        }
        assert.equal(counters.total, 980 + challenges);
        assert.ok(counters.total <= 1000, "the limit holds");
      }),
      { numRuns: 30 },
    );
  });
});

/** CRC-32 without final complement of 16 zero bytes, LSB first. */
const crcOfZeros = "aab44413";

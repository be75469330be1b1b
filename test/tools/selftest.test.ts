import assert from "node:assert/strict";
import { FakeWorld, fakeLink } from "./fake-context.ts";

const VERDICT = {
  passed: 26,
  failed: 1,
  failures: [{ name: "SHA-256, abc", ok: false, found: "00" }],
  engine_defects: ["a right shift of a negative BigInt"],
};

describe("latchkey selftest", () => {
  function board(answer: string) {
    const far = fakeLink();
    const openSerial = async () => {
      setTimeout(() => far.say(answer), 5);
      return far.link;
    };
    return { far, world: new FakeWorld({ openSerial }) };
  }

  it("fails when a check on the board fails, and names it", async () => {
    const { far, world } = board(`log\r\n> ${JSON.stringify(VERDICT)}\r\n> `);
    const run = await world.run("selftest", "--port", "/dev/ttyACM0");
    assert.equal(run.exitCode, 1);
    assert.deepEqual(far.heard, ["\rselftest --json\r"]);
    assert.match(run.out, /SHA-256, abc.*gave 00/);
    assert.match(run.out + run.err, /1 failed, 26 passed: do not use this board/);
    assert.equal(far.closed, true);
  });

  it("tells of known defects of the engine, and passes in spite of them", async () => {
    const good = { ...VERDICT, passed: 27, failed: 0, failures: [] };
    const { world } = board(`${JSON.stringify(good)}\r\n`);
    const run = await world.run("selftest", "--port", "/dev/ttyACM0");
    assert.equal(run.exitCode, 0, run.err);
    assert.match(run.out, /27 passed/);
    assert.match(run.out, /known defect, which is avoided: a right shift/);
  });

  it("says so when no verdict comes, or only half of one", async () => {
    const { world } = board(`{"passed":2\r\n`);
    const run = await world.run("selftest", "--port", "/dev/ttyACM0", "--wait", "40");
    assert.notEqual(run.exitCode, 0);
    assert.match(run.err, /gave no verdict within 0.04 s \[console-silent\]/);
  });
});

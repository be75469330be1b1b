import assert from "node:assert/strict";
import { Bench, chipFrame, fakeCard, hostFrame, NACK, RESET_PIN } from "./pn532-bench.ts";

const VERSION = "0332010607";

describe("PN532 model, power and wedges", () => {
  it("does not acknowledge its address until it has booted", () => {
    const bench = new Bench();
    assert.equal(bench.tryRead(1), "nack");
    bench.wait(4);
    bench.write(hostFrame("1401"));
    assert.equal(bench.poll(7, 20), "0000ff00ff00");
  });

  it("hears nothing but SAMConfiguration at LowVbat", () => {
    const bench = new Bench();
    bench.wait(10);
    bench.write(hostFrame("02"));
    bench.wait(50);
    assert.equal(bench.tryRead(1), "00");
    assert.equal(bench.chip.mode, "low-vbat");
    assert.equal(bench.command("1401"), "15");
    assert.equal(bench.chip.mode, "normal");
    assert.equal(bench.command("02"), VERSION);
  });

  it("hears everything at LowVbat when its specimen is lenient", () => {
    const bench = new Bench({ lowVbat: "lenient" });
    bench.wait(10);
    assert.equal(bench.command("02"), VERSION);
  });

  it("holds SCL at the write that wakes it, for as long as waking takes", () => {
    const bench = new Bench({ wakeUs: 2000 });
    bench.wait(10);
    const startUs = bench.world.nowUs();
    bench.write(hostFrame("1401"));
    const wireUs = (10 + 10 * 9 + 1) * 10;
    assert.equal(bench.world.nowUs() - startUs, wireUs + 2000);
    assert.equal(bench.poll(7, 20), "0000ff00ff00");
  });

  it("or does not acknowledge that write and is awake a little later", () => {
    const bench = new Bench({ asleep: "nack" });
    bench.wait(10);
    assert.throws(() => bench.write(hostFrame("1401")), /write failed/);
    bench.wait(2);
    assert.equal(bench.command("1401"), "15");
  });

  it("goes to sleep after PowerDown was answered, and wakes with the next command", () => {
    const bench = Bench.awake();
    bench.send("1680");
    assert.equal(bench.poll(11), chipFrame("1700"));
    assert.equal(bench.chip.mode, "normal");
    bench.wait(2);
    assert.equal(bench.chip.mode, "power-down");
    assert.equal(bench.chip.power(), "asleep");
    assert.equal(bench.tryRead(1), "nack");
    bench.wait(2);
    assert.equal(bench.chip.power(), "awake");
    assert.equal(bench.command("02"), VERSION);
  });

  it("sleeps on when I2C is not among the wake-up sources, until a reset", () => {
    const bench = Bench.awake();
    bench.command("1620");
    bench.wait(5);
    for (let i = 0; i < 5; i++) {
      assert.throws(() => bench.write(hostFrame("02")), /write failed/);
      bench.wait(5);
    }
    bench.pulseReset();
    assert.equal(bench.command("1401"), "15");
  });

  it("switches the field off when it sleeps or is reset", () => {
    const bench = Bench.awake();
    const card = fakeCard();
    bench.field.enter(card);
    bench.list();
    assert.equal(bench.field.isOn, true);
    bench.command("16f0");
    bench.wait(2);
    assert.equal(bench.field.isOn, false);
    assert.deepEqual(card.heard, ["on", "off"]);
    bench.command("1401");
    bench.list();
    bench.pulseReset();
    assert.equal(bench.field.isOn, false);
  });

  it("is deaf while RSTPD_N is low, and at LowVbat with all settings gone afterwards", () => {
    const bench = Bench.awake();
    bench.command("086302aa");
    bench.pins.pin(RESET_PIN).drive("test", "low");
    assert.equal(bench.tryRead(1), "nack");
    assert.equal(bench.chip.mode, "off");
    bench.pins.pin(RESET_PIN).drive("test", "none");
    bench.wait(5);
    assert.equal(bench.chip.mode, "low-vbat");
    bench.command("1401");
    assert.equal(bench.command("066302"), "0780");
  });

  it("looks for ever and frames in full again after a reset, whatever was set before", () => {
    const bench = Bench.awake();
    bench.command("3205ff0100");
    assert.equal(bench.command("4a0100"), "4b00");
    bench.command("1254");
    bench.pulseReset();
    assert.equal(bench.command("1401"), "15");
    bench.send("4a0100");
    assert.equal(bench.receive(3000), "timeout");
  });

  it("holds SCL for a while when told to: a short hold is waited out", () => {
    const bench = Bench.awake();
    bench.chip.i2c.holdScl(50_000);
    const startUs = bench.world.nowUs();
    bench.write(hostFrame("02"));
    assert.ok(bench.world.nowUs() - startUs > 50_000);
    assert.equal(bench.poll(7, 20), "0000ff00ff00");
  });

  it("holds SCL beyond the 200 ms of a transaction: the transfer fails, the next one works", () => {
    const bench = Bench.awake();
    bench.chip.i2c.holdScl(300_000);
    assert.throws(() => bench.write(hostFrame("02")), /write failed/);
    bench.wait(150);
    assert.equal(bench.command("02"), VERSION);
  });

  it("holds SCL for ever until RSTPD_N is pulsed", () => {
    const bench = Bench.awake();
    bench.chip.i2c.holdScl(Number.POSITIVE_INFINITY);
    for (let i = 0; i < 3; i++) assert.throws(() => bench.read(1), /read failed/);
    bench.pulseReset();
    assert.equal(bench.command("1401"), "15");
  });

  for (const how of ["silent", "busy", "sda", "scl"] as const) {
    it(`wedges ${how} until RSTPD_N is pulsed`, () => {
      const bench = Bench.awake();
      bench.send("02");
      bench.chip.wedge(how);
      for (let i = 0; i < 3; i++) {
        assert.ok(["nack", "00"].includes(bench.tryRead(1)));
        bench.wait(100);
      }
      assert.equal(bench.pins.pin(4).level, how === "sda" ? 0 : 1);
      assert.equal(bench.pins.pin(5).level, how === "scl" ? 0 : 1);
      bench.pulseReset();
      assert.equal(bench.command("1401"), "15");
      assert.equal(bench.command("02"), VERSION);
    });
  }

  it("wedges at a NACK when there is nothing to repeat, unless it is a patient specimen", () => {
    const bench = Bench.awake();
    bench.send("4a0100");
    bench.write(NACK);
    assert.equal(bench.chip.wedged, "busy");
    bench.write(hostFrame("02"));
    bench.wait(50);
    assert.equal(bench.tryRead(1), "00");
    const patient = Bench.awake({ spuriousNack: "ignore", commandUs: { 2: 30_000 } });
    patient.send("02");
    patient.write(NACK);
    assert.equal(patient.poll(14), chipFrame(VERSION));
  });
});

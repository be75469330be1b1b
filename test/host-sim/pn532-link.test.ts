import assert from "node:assert/strict";
import { ACK, Bench, chipFrame, fakeCard, hostFrame, IRQ_PIN, NACK } from "./pn532-bench.ts";

const VERSION = "0332010607";

describe("PN532 model, host link over I2C", () => {
  it("puts a status byte before everything it sends", () => {
    const bench = Bench.awake();
    bench.write(hostFrame("02"));
    assert.equal(bench.read(7), "00000000000000");
    bench.wait(1);
    assert.equal(bench.read(7), `01${ACK}`);
    bench.wait(5);
    assert.equal(bench.read(14), `01${chipFrame(VERSION)}`);
    assert.equal(bench.read(7), "00000000000000");
  });

  it("does not consume a frame when only its status byte is read", () => {
    const bench = Bench.awake();
    bench.send("02");
    bench.wait(5);
    for (let i = 0; i < 5; i++) assert.equal(bench.read(1), "01");
    assert.equal(bench.read(14), `01${chipFrame(VERSION)}`);
  });

  it("consumes the whole frame when any of it is read, and repeats it after NACK", () => {
    const bench = Bench.awake();
    bench.send("02");
    bench.wait(5);
    assert.equal(bench.read(6), "010000ff06fa");
    assert.equal(bench.read(1), "00");
    bench.write(NACK);
    bench.wait(1);
    assert.equal(bench.read(14), `01${chipFrame(VERSION)}`);
    bench.write(NACK);
    bench.wait(1);
    assert.equal(bench.read(14), `01${chipFrame(VERSION)}`);
  });

  it("does not acknowledge its address while busy, as often as its specimen does so", () => {
    const bench = Bench.awake({ busyNack: 1, commandUs: { 2: 50_000 } });
    bench.send("02");
    assert.equal(bench.tryRead(1), "nack");
    bench.wait(60);
    assert.equal(bench.tryRead(1), "01");
    const mixed = Bench.awake({ busyNack: 0.5, commandUs: { 2: 50_000 } });
    mixed.send("02");
    const reads = Array.from({ length: 40 }, () => mixed.tryRead(1));
    assert.ok(reads.includes("nack") && reads.includes("00"));
  });

  it("takes its time for a command, as configured", () => {
    const bench = Bench.awake({ commandUs: { 2: 30_000 } });
    bench.send("02");
    bench.wait(25);
    assert.equal(bench.read(1), "00");
    bench.wait(6);
    assert.equal(bench.read(1), "01");
  });

  it("calls the running command off when the host sends ACK", () => {
    const bench = Bench.awake({ commandUs: { 2: 30_000 } });
    bench.send("02");
    bench.write(ACK);
    bench.wait(100);
    assert.equal(bench.read(1), "00");
    assert.equal(bench.command("02"), VERSION);
  });

  it("stops looking for cards when the host sends ACK in the middle of it", () => {
    const bench = Bench.awake();
    bench.send("4a0100");
    bench.wait(400);
    bench.write(ACK);
    const frames = bench.field.stats.frames;
    bench.field.enter(fakeCard());
    bench.wait(1000);
    assert.equal(bench.read(1), "00");
    assert.equal(bench.field.stats.frames, frames);
  });

  it("drops what runs for a new command", () => {
    const bench = Bench.awake();
    bench.send("4a0100");
    bench.wait(50);
    assert.equal(bench.command("02"), VERSION);
  });

  for (const [what, frame] of [
    ["LCS", "0000ff02ffd4022a00"],
    ["DCS", "0000ff02fed4022b00"],
    ["extended LCS", "0000ffffff0002ffd4022a00"],
    ["TFI", hostFrame("02", 0xd5)],
    ["length of more than 265 bytes", "0000ffffff0200fe00"],
  ] as const) {
    it(`is silent at a wrong ${what}, or says so if its specimen does`, () => {
      const silent = Bench.awake();
      silent.write(frame);
      silent.wait(50);
      assert.equal(silent.read(1), "00");
      const nacking = Bench.awake({ badFrame: "nack" });
      nacking.write(frame);
      assert.equal(nacking.poll(7, 20), NACK);
      const telling = Bench.awake({ badFrame: "error-frame" });
      telling.write(frame);
      assert.equal(telling.poll(9, 20), "0000ff01ff7f8100");
    });
  }

  it("answers an unknown command, or one with wrong parameters, with the error frame", () => {
    const bench = Bench.awake();
    for (const packet of ["fe", "0200", "12", "1405", "3205ff01", "4a0300", "4a01", "40", "0663"]) {
      bench.send(packet);
      assert.equal(bench.poll(9), "0000ff01ff7f8100", packet);
    }
    assert.equal(bench.command("02"), VERSION);
  });

  it("forgets a frame that ends in the middle", () => {
    const bench = Bench.awake();
    bench.write(hostFrame("02").slice(0, 12));
    bench.write(hostFrame("02").slice(12));
    bench.wait(50);
    assert.equal(bench.read(1), "00");
    assert.equal(bench.command("02"), VERSION);
  });

  it("takes any number of bytes before and after a frame", () => {
    const bench = Bench.awake();
    bench.write(`aa5500000000${hostFrame("02").slice(2)}000000`);
    assert.equal(bench.poll(7, 20), ACK);
    assert.equal(bench.receive(), VERSION);
  });

  it("takes extended frames from the host, also where a normal one would do", () => {
    const bench = Bench.awake();
    bench.write("0000ffffff0002fed4022a00");
    assert.equal(bench.poll(7, 20), ACK);
    assert.equal(bench.receive(), VERSION);
    const text = "5a".repeat(260);
    assert.equal(bench.command(`0000${text}`), `0100${text}`);
  });

  it("sends a normal frame up to 255 bytes of packet and an extended one above", () => {
    const bench = Bench.awake();
    const normal = "11".repeat(252);
    bench.send(`0000${normal}`);
    assert.equal(bench.poll(262).slice(0, 10), "0000ffff01");
    const extended = "22".repeat(253);
    bench.send(`0000${extended}`);
    assert.equal(bench.poll(266).slice(0, 16), "0000ffffff0100ff");
  });

  it("leaves pre- and postamble away when SetParameters says so", () => {
    const bench = Bench.awake();
    bench.command("1254");
    bench.send("02");
    assert.equal(bench.poll(12), chipFrame(VERSION).slice(2, -2));
  });

  it("pulls IRQ low while a frame can be read, the ACK included", () => {
    const bench = Bench.awake({ commandUs: { 2: 20_000 } });
    const irq = bench.pins.pin(IRQ_PIN);
    assert.equal(irq.level, 1);
    bench.write(hostFrame("02"));
    assert.equal(irq.level, 1);
    bench.wait(0.5);
    assert.equal(irq.level, 0);
    bench.read(1);
    assert.equal(irq.level, 0);
    bench.read(7);
    assert.equal(irq.level, 1);
    bench.wait(25);
    assert.equal(irq.level, 0);
    bench.read(20);
    assert.equal(irq.level, 1);
  });

  it("leaves IRQ alone when SAMConfiguration says so", () => {
    const bench = Bench.awake();
    bench.command("14011400");
    bench.write(hostFrame("02"));
    bench.wait(5);
    assert.equal(bench.read(1), "01");
    assert.equal(bench.pins.pin(IRQ_PIN).level, 1);
  });

  it("loses an ACK or a response when told to, and goes on", () => {
    const bench = Bench.awake();
    bench.chip.link.faults.dropAcks = 1;
    bench.write(hostFrame("02"));
    assert.equal(bench.poll(14), chipFrame(VERSION));
    bench.chip.link.faults.dropResponses = 1;
    bench.send("02");
    assert.equal(bench.receive(200), "timeout");
    bench.write(NACK);
    assert.equal(bench.receive(), VERSION);
  });

  it("echoes garbled bytes by seed: the same run gives the same bytes", () => {
    const run = () => {
      const bench = Bench.awake();
      bench.bus.faults.add({ probability: 0.3, times: 1000, effect: { kind: "bit-flip" } });
      bench.bus.faults.add({ probability: 0.1, times: 1000, effect: { kind: "drop-byte" } });
      bench.bus.faults.add({ probability: 0.1, times: 1000, effect: { kind: "duplicate-byte" } });
      const seen: string[] = [];
      for (let i = 0; i < 30; i++) {
        bench.write(hostFrame("02"));
        bench.wait(1);
        seen.push(bench.tryRead(7));
        bench.wait(3);
        seen.push(bench.tryRead(14));
      }
      return { seen, digest: bench.world.trace.digest() };
    };
    const first = run();
    assert.deepEqual(first, run());
    assert.ok(first.seen.includes(`01${ACK}`));
    assert.ok(new Set(first.seen).size > 5);
  });

  it("never sees a command of which one byte was not acknowledged", () => {
    const bench = Bench.awake();
    bench.bus.faults.add({ direction: "write", effect: { kind: "data-nack", byte: 6 } });
    bench.write(hostFrame("02"));
    bench.wait(50);
    assert.equal(bench.read(1), "00");
  });
});

import assert from "node:assert/strict";
import {
  bench,
  code,
  command,
  LIST,
  LIST_OK,
  reply,
  SAM,
  SAM_OK,
  VERSION,
  VERSION_OK,
} from "./driver-bench.ts";
import { ACK, NACK } from "./scripted-chip.ts";

describe("PN532 driver: exchange", () => {
  it("sends the published bytes and reads exact lengths", async () => {
    const { chip, pn532, run } = bench([{ write: VERSION, replies: [VERSION_OK] }]);
    assert.deepEqual(await run(pn532.getFirmwareVersion()), {
      ic: 0x32,
      version: "1.6",
      support: 7,
    });
    const reads = chip.log.filter((line) => !line.startsWith("R 1 "));
    assert.deepEqual(reads, [`W ${VERSION}`, `R 7 01${ACK}`, `R 14 01${VERSION_OK}`]);
    assert.equal(chip.options?.address, 0x24);
    assert.equal(chip.options?.hz, 100_000);
  });

  it("opens with abort, out of low battery, version, automatic RATS, retries", async () => {
    const { chip, pn532, run } = bench([
      { write: SAM, replies: [SAM_OK] },
      { write: VERSION, replies: [VERSION_OK] },
      { write: "0000ff03fdd412140600", replies: [reply(0x12, "")] },
      { write: command(0x32, "0402"), replies: [reply(0x32, "")] },
      { write: command(0x32, "05ff0101"), replies: [reply(0x32, "")] },
    ]);
    assert.equal((await run(pn532.open())).version, "1.6");
    assert.equal(chip.writes[0], ACK);
    assert.equal(chip.left, 0);
  });

  it("a chip that is not a PN532 is refused", async () => {
    const { pn532, run } = bench([
      { write: SAM, replies: [SAM_OK] },
      { write: VERSION, replies: [reply(0x02, "33020607")] },
    ]);
    await assert.rejects(run(pn532.open()), code("pn532-unsupported"));
  });

  it("an address NACK means not ready: it is tried again", async () => {
    const { chip, pn532, run } = bench([{ write: VERSION, replies: [VERSION_OK] }]);
    chip.refuse = 5;
    await run(pn532.getFirmwareVersion());
    assert.equal(chip.log.filter((line) => line === "refused").length, 5);
    assert.ok(!chip.writes.includes(NACK));
  });

  it("an address NACK while the reply is awaited costs nothing but time", async () => {
    const { chip, pn532, run } = bench([{ write: VERSION, replies: [VERSION_OK], workMs: 20 }]);
    const result = run(pn532.getFirmwareVersion());
    chip.garble = (bytes, nth) => {
      if (nth === 0) chip.refuse = 3;
      return bytes;
    };
    await result;
    assert.deepEqual(chip.writes, [VERSION]);
  });

  it("a bus that gives FF has no frame ready: no NACK, no damage", async () => {
    const { chip, pn532, run } = bench([{ write: VERSION, replies: [VERSION_OK] }]);
    chip.floating = 8;
    await run(pn532.getFirmwareVersion());
    assert.deepEqual(chip.writes, [VERSION]);
  });

  it("a chip that never answers its address is bus-nack within the limit", async () => {
    const { time, chip, pn532, run } = bench([]);
    chip.refuse = Number.POSITIVE_INFINITY;
    await assert.rejects(run(pn532.getFirmwareVersion()), code("bus-nack"));
    assert.ok(time.nowMs < 70, `${time.nowMs} ms`);
  });

  it("a missing ACK (a partial write) is answered by abort and a new attempt", async () => {
    const { chip, pn532, run } = bench([
      { write: VERSION, ack: "" },
      { write: VERSION, replies: [VERSION_OK] },
    ]);
    await run(pn532.getFirmwareVersion());
    assert.deepEqual(chip.writes, [VERSION, ACK, VERSION]);
  });

  it("a NACK of the chip makes the command be sent again, three times at most", async () => {
    const refusal = { write: VERSION, ack: NACK };
    const good = bench([refusal, refusal, { write: VERSION, replies: [VERSION_OK] }]);
    await good.run(good.pn532.getFirmwareVersion());
    assert.deepEqual(good.chip.writes, [VERSION, VERSION, VERSION]);
    const bad = bench([refusal, refusal, refusal]);
    await assert.rejects(bad.run(bad.pn532.getFirmwareVersion()), code("pn532-no-ack"));
  });

  it("a damaged ACK is not fatal: the reply says whether the command arrived", async () => {
    const { chip, pn532, run } = bench([{ write: VERSION, replies: [VERSION_OK] }]);
    chip.garble = (bytes, nth) => {
      if (nth === 0) bytes[4]! ^= 0x10;
      return bytes;
    };
    await run(pn532.getFirmwareVersion());
    assert.deepEqual(chip.writes, [VERSION]);
  });

  it("a damaged reply is asked for again by NACK, a late one never", async () => {
    const { chip, pn532, run } = bench([{ write: VERSION, replies: [VERSION_OK], workMs: 60 }]);
    chip.garble = (bytes, nth) => {
      if (nth === 1 || nth === 2) bytes[9]! ^= 0x01;
      return bytes;
    };
    await run(pn532.getFirmwareVersion());
    assert.deepEqual(chip.writes, [VERSION, NACK, NACK]);
  });

  it("a reply damaged every time is pn532-frame, and the chip is told to stop", async () => {
    const { chip, pn532, run } = bench([{ write: VERSION, replies: [VERSION_OK] }]);
    chip.garble = (bytes, nth) => {
      if (nth > 0) bytes[9]! ^= 0x01;
      return bytes;
    };
    await assert.rejects(run(pn532.getFirmwareVersion()), code("pn532-frame"));
    assert.equal(chip.writes.at(-1), ACK);
    assert.ok(chip.writes.length < 10);
  });

  it("no reply is pn532-timeout within the limit, and the chip is told to stop", async () => {
    const { time, chip, pn532, run } = bench([{ write: VERSION }]);
    await assert.rejects(run(pn532.getFirmwareVersion()), code("pn532-timeout"));
    assert.ok(time.nowMs < 150, `${time.nowMs} ms`);
    assert.deepEqual(chip.writes, [VERSION, ACK]);
    // Waiting costs the bus little: the pauses grow.
    assert.ok(chip.log.length < 50, `${chip.log.length} transfers`);
  });

  it("the chip's error frame is pn532-syntax", async () => {
    const { pn532, run } = bench([{ write: VERSION, replies: ["0000ff01ff7f8100"] }]);
    await assert.rejects(run(pn532.getFirmwareVersion()), code("pn532-syntax"));
  });

  it("a frame left over from an earlier command is passed over", async () => {
    const { chip, pn532, run } = bench([{ write: VERSION, replies: [LIST_OK, VERSION_OK] }]);
    assert.equal((await run(pn532.getFirmwareVersion())).ic, 0x32);
    assert.ok(chip.writes.every((hex) => hex === VERSION || hex === NACK));
  });

  it("the driver works after each of these failures", async () => {
    const { pn532, run } = bench([
      { write: VERSION, ack: NACK },
      { write: VERSION, ack: NACK },
      { write: VERSION, ack: NACK },
      { write: VERSION, replies: ["0000ff01ff7f8100"] },
      { write: VERSION },
      { write: VERSION, replies: [VERSION_OK] },
    ]);
    for (const wanted of ["pn532-no-ack", "pn532-syntax", "pn532-timeout"])
      await assert.rejects(run(pn532.getFirmwareVersion()), code(wanted));
    assert.equal((await run(pn532.getFirmwareVersion())).ic, 0x32);
  });

  it("calls made at once are carried out one after the other", async () => {
    const { chip, pn532, run } = bench([
      { write: VERSION, replies: [VERSION_OK], workMs: 30 },
      { write: SAM, replies: [SAM_OK] },
    ]);
    await run(Promise.all([pn532.getFirmwareVersion(), pn532.samConfiguration()]));
    assert.deepEqual(chip.writes, [VERSION, SAM]);
  });

  it("abort ends a command that waits, with the host's ACK", async () => {
    const { time, chip, pn532, run } = bench([{ write: LIST }]);
    const listing = run(pn532.inListPassiveTarget());
    await time.pass(40);
    pn532.abort();
    await assert.rejects(listing, code("cancelled"));
    assert.equal(chip.writes.at(-1), ACK);
    assert.ok(time.nowMs < 60);
  });

  it("close switches the field off, aborts, and refuses what comes after", async () => {
    const { chip, pn532, run } = bench([
      { write: command(0x32, "0100"), replies: [reply(0x32, "")] },
    ]);
    await run(pn532.close());
    assert.equal(chip.writes.at(-1), ACK);
    await assert.rejects(run(pn532.getFirmwareVersion()), code("cancelled"));
    await run(pn532.close());
  });
});

import assert from "node:assert/strict";
import type { Digital, DigitalConstructor, DigitalOptions } from "../../hal/ecma419.ts";
import { encodeCommandFrame } from "../../hal/pn532/frame.ts";
import { PN532, type PN532Options } from "../../hal/pn532/pn532.ts";
import {
  isAntennaOverload,
  isTargetLost,
  PN532_STATUSES,
  statusError,
  statusName,
  statusOf,
} from "../../hal/pn532/status.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import { ACK, NACK, ScriptedChip, type ScriptStep } from "./scripted-chip.ts";
import { VirtualTime } from "./virtual-time.ts";

const SAM = "0000ff03fdd414011700";
const SAM_OK = "0000ff02fed5151600";
const VERSION = "0000ff02fed4022a00";
const VERSION_OK = "0000ff06fad50332010607e800";
const LIST = "0000ff04fcd44a0100e100";
const LIST_OK = "0000ff15ebd54b01010344200704518dfaa961800677777102802300";

const command = (code: number, hex: string) => toHex(encodeCommandFrame(code, fromHex(hex)));

/** The chip's frame for a reply: same form, D5 instead of D4, code + 1. */
function reply(code: number, hex: string): string {
  const frame = encodeCommandFrame(code + 1, fromHex(hex));
  frame[frame.length > 262 ? 8 : 5] = 0xd5;
  frame[frame.length - 2]! -= 1;
  return toHex(frame);
}

function bench(steps: readonly ScriptStep[], more: Partial<PN532Options> = {}) {
  const time = new VirtualTime();
  const chip = new ScriptedChip(time, steps);
  const { clock, timer } = time;
  const i2c = { io: chip.io, data: 4, clock: 5 };
  const pn532 = new PN532({ i2c, clock, timer, ...more });
  return { time, chip, pn532, run: <T>(promise: Promise<T>) => time.until(promise) };
}

const code = (wanted: string) => (error: unknown) =>
  isLatchkeyError(error) && error.code === wanted;

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

  it("opens in libnfc's order: abort, out of low battery, version, automatic RATS, retries", async () => {
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

  it("a reply that is damaged every time is pn532-frame, and the chip is told to stop", async () => {
    const { chip, pn532, run } = bench([{ write: VERSION, replies: [VERSION_OK] }]);
    chip.garble = (bytes, nth) => {
      if (nth > 0) bytes[9]! ^= 0x01;
      return bytes;
    };
    await assert.rejects(run(pn532.getFirmwareVersion()), code("pn532-frame"));
    assert.equal(chip.writes.at(-1), ACK);
    assert.ok(chip.writes.length < 10);
  });

  it("no reply at all is pn532-timeout within the limit, and the chip is told to stop", async () => {
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

describe("PN532 driver: cards", () => {
  it("lists the target of the published exchange in one read of 29 bytes", async () => {
    const { chip, pn532, run } = bench([{ write: LIST, replies: [LIST_OK] }]);
    const [target] = await run(pn532.inListPassiveTarget());
    assert.equal(toHex(target!.uid), "04518dfaa96180");
    assert.equal(chip.log.at(-1), `R 29 01${LIST_OK}`);
  });

  it("two targets are longer than expected: NACK, and again at full length", async () => {
    const second = "02034420" + "07" + "04112233445566" + "067777710280";
    const both = reply(0x4a, `02${LIST_OK.slice(16, -4)}${second}`);
    const { chip, pn532, run } = bench([{ write: command(0x4a, "0200"), replies: [both] }]);
    const targets = await run(pn532.inListPassiveTarget({ maxTargets: 2 }));
    assert.equal(targets.length, 2);
    assert.deepEqual(chip.writes.slice(1), [NACK]);
    assert.equal(chip.log.at(-1), `R ${both.length / 2 + 1} 01${both}`);
  });

  it("an APDU travels in one frame each way; its known length is read exactly", async () => {
    const apdu = "00a4040007d276000085010100";
    const { chip, pn532, run } = bench([
      { write: command(0x40, `01${apdu}`), replies: [reply(0x40, "009000")] },
    ]);
    const answer = await run(pn532.inDataExchange(1, fromHex(apdu), { expectBytes: 2 }));
    assert.equal(toHex(answer), "9000");
    assert.equal(chip.log.at(-1), `R 13 01${reply(0x40, "009000")}`);
  });

  it("256 bytes and a status word come in one extended frame", async () => {
    const body = "5a".repeat(256);
    const { chip, pn532, run } = bench([
      { write: command(0x40, "0100b0840000"), replies: [reply(0x40, `00${body}9000`)] },
    ]);
    const expect = { expectBytes: 258 };
    const answer = await run(pn532.inDataExchange(1, fromHex("00b0840000"), expect));
    assert.equal(toHex(answer), `${body}9000`);
    assert.ok(chip.log.at(-1)?.startsWith("R 272 "));
    assert.ok(!chip.writes.includes(NACK));
  });

  it("an answer of unknown length is corrected by one NACK", async () => {
    const body = "a5".repeat(120);
    const { chip, pn532, run } = bench([
      { write: command(0x40, "0190600000"), replies: [reply(0x40, `00${body}9100`)] },
    ]);
    const answer = await run(pn532.inDataExchange(1, fromHex("90600000")));
    assert.equal(answer.length, 122);
    assert.equal(chip.writes.filter((hex) => hex === NACK).length, 1);
  });

  it("what does not fit one frame is chained in both directions", async () => {
    const long = "c3".repeat(300);
    const first = command(0x40, `41${long.slice(0, 524)}`);
    const { pn532, run } = bench([
      { write: first, replies: [reply(0x40, "00")] },
      { write: command(0x40, `01${long.slice(524)}`), replies: [reply(0x40, "4011223344")] },
      { write: command(0x40, "01"), replies: [reply(0x40, "405566")] },
      { write: command(0x40, "01"), replies: [reply(0x40, "009000")] },
    ]);
    assert.equal(toHex(await run(pn532.inDataExchange(1, fromHex(long)))), "1122334455669000");
  });

  it("a card that chains for ever is card-protocol", async () => {
    const step = { write: command(0x40, "01"), replies: [reply(0x40, "40")] };
    const { pn532, run } = bench([{ ...step, write: command(0x40, "0100") }, step, step]);
    await assert.rejects(run(pn532.inDataExchange(1, fromHex("00"))), code("card-protocol"));
  });

  it("a reply without its status byte is pn532-frame", async () => {
    const { pn532, run } = bench([{ write: command(0x52, "00"), replies: [reply(0x52, "")] }]);
    await assert.rejects(run(pn532.inRelease()), code("pn532-frame"));
  });

  for (const status of PN532_STATUSES) {
    it(`status ${status.toString(16).padStart(2, "0")} is the error ${statusName(status)}`, async () => {
      const hex = status.toString(16).padStart(2, "0");
      const { pn532, run } = bench([{ write: command(0x40, "0100"), replies: [reply(0x40, hex)] }]);
      await assert.rejects(run(pn532.inDataExchange(1, fromHex("00"))), (error) => {
        assert.ok(isLatchkeyError(error, "pn532-status"));
        assert.equal(error.detail["status"], hex);
        assert.notEqual(error.detail["name"], "unknown");
        return statusOf(error) === status;
      });
    });
  }

  it("statuses fall into those that lose the card, those that heat, and the rest", () => {
    assert.deepEqual(PN532_STATUSES.filter(isTargetLost), [0x01, 0x0a, 0x25, 0x27, 0x29, 0x2b]);
    assert.deepEqual(PN532_STATUSES.filter(isAntennaOverload), [0x0d, 0x2d]);
    assert.equal(statusName(0x3e), "unknown");
    assert.equal(statusOf(statusError(0x41, "InDataExchange")), 1, "MI is not part of the error");
  });

  it("the sign of life is Diagnose 06", async () => {
    const ask = command(0x00, "06");
    const { pn532, run } = bench([
      { write: ask, replies: [reply(0x00, "00")] },
      { write: ask, replies: [reply(0x00, "01")] },
    ]);
    assert.equal(await run(pn532.isPresent()), true);
    assert.equal(await run(pn532.isPresent()), false);
  });
});

/** An input pin that the test moves, and an output that remembers. */
function fakePins() {
  const outputs: number[] = [];
  let level = 1;
  let onReadable: (() => void) | undefined;
  const io = class implements Digital {
    static readonly Input = 0;
    static readonly InputPullUp = 1;
    static readonly InputPullDown = 2;
    static readonly Output = 8;
    static readonly OutputOpenDrain = 9;
    static readonly Rising = 1;
    static readonly Falling = 2;
    constructor(options: DigitalOptions) {
      const callback = options.onReadable;
      if (callback !== undefined) onReadable = () => callback.call(this);
    }
    read(): number {
      return level;
    }
    write(value: number): void {
      outputs.push(value);
    }
    close(): void {
      onReadable = undefined;
    }
  } satisfies DigitalConstructor;
  return {
    io,
    outputs,
    setLevel(value: number, edge = true) {
      const fell = level === 1 && value === 0;
      level = value;
      if (fell && edge) onReadable?.();
    },
  };
}

describe("PN532 driver: IRQ and reset lines", () => {
  const irqStep = { write: VERSION, replies: [VERSION_OK], workMs: 40 };

  it("with IRQ nothing is polled: three transfers and no more", async () => {
    const pins = fakePins();
    const { time, chip, pn532, run } = bench([irqStep], { irq: { io: pins.io, pin: 6 } });
    chip.onReady = () => {
      pins.setLevel(0);
    };
    chip.garble = (bytes) => {
      pins.setLevel(1);
      return bytes;
    };
    await run(pn532.getFirmwareVersion());
    assert.deepEqual(
      chip.log.map((line) => line.slice(0, 4)),
      ["W 00", "R 7 ", "R 14"],
    );
    assert.ok(time.nowMs < 42, `${time.nowMs} ms`);
    assert.equal(pn532.usesIrq, true);
  });

  it("an IRQ line that never moves costs time, then polling takes over", async () => {
    const pins = fakePins();
    const { pn532, run } = bench([irqStep, irqStep, irqStep], { irq: { io: pins.io, pin: 6 } });
    for (let i = 0; i < 3; i++) await run(pn532.getFirmwareVersion());
    assert.equal(pn532.usesIrq, false);
  });

  it("an IRQ line stuck low does not make the driver hammer the bus", async () => {
    const pins = fakePins();
    const { chip, pn532, run } = bench([irqStep], { irq: { io: pins.io, pin: 6 } });
    pins.setLevel(0);
    await run(pn532.getFirmwareVersion());
    assert.equal(pn532.usesIrq, false);
    assert.ok(chip.log.length < 60, `${chip.log.length} transfers`);
  });

  it("with IRQ the SAM configuration asks the chip to drive it", async () => {
    const pins = fakePins();
    const { chip, pn532, run } = bench([{ write: "0000ff05fbd4140100011600", replies: [SAM_OK] }], {
      irq: { io: pins.io, pin: 6 },
    });
    await run(pn532.samConfiguration());
    assert.equal(chip.left, 0);
  });

  it("recover pulses RSTPD_N and configures the chip again", async () => {
    const pins = fakePins();
    const { chip, pn532, run } = bench(
      [
        { write: SAM, replies: [SAM_OK] },
        { write: VERSION, replies: [VERSION_OK] },
        { write: "0000ff03fdd412140600", replies: [reply(0x12, "")] },
        { write: command(0x32, "0402"), replies: [reply(0x32, "")] },
        { write: command(0x32, "05ff0101"), replies: [reply(0x32, "")] },
      ],
      { reset: { io: pins.io, pin: 7 } },
    );
    await run(pn532.recover());
    assert.deepEqual(pins.outputs, [0, 1]);
    assert.equal(chip.left, 0);
  });

  it("a chip that stays silent after the reset is pn532-dead, soon enough", async () => {
    const pins = fakePins();
    const { time, chip, pn532, run } = bench([], { reset: { io: pins.io, pin: 7 } });
    chip.refuse = Number.POSITIVE_INFINITY;
    await assert.rejects(run(pn532.recover()), code("pn532-dead"));
    assert.ok(time.nowMs < 600);
  });
});

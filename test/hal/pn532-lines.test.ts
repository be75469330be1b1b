import assert from "node:assert/strict";
import type { Digital, DigitalConstructor, DigitalOptions } from "../../hal/ecma419.ts";
import { bench, code, command, reply, SAM, SAM_OK, VERSION, VERSION_OK } from "./driver-bench.ts";

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

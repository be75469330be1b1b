import assert from "node:assert/strict";
import { I2CBus } from "../../host-sim/board/i2c-bus.ts";
import type { I2CDevice } from "../../host-sim/board/i2c-device.ts";
import { boardIo } from "../../host-sim/board/io.ts";
import { Pins } from "../../host-sim/board/pins.ts";
import { PwmRecorder } from "../../host-sim/board/pwm.ts";
import { RelayRecorder } from "../../host-sim/board/relay-recorder.ts";
import { SerialLine } from "../../host-sim/board/serial.ts";
import { World } from "../../host-sim/world/world.ts";

/** A memory of 16 bytes: the first byte written is the pointer. */
class Memory implements I2CDevice {
  readonly address = 0x50;
  readonly bytes = new Uint8Array(16);
  readonly seen: number[] = [];
  holdUntilUs = 0;
  readonly #world: World;
  #at = 0;
  #first = true;
  constructor(world: World) {
    this.#world = world;
  }
  startWrite(): boolean {
    this.#first = true;
    return true;
  }
  writeByte(byte: number): boolean {
    this.seen.push(byte);
    if (this.#first) this.#at = byte;
    else this.bytes[this.#at++ % 16] = byte;
    this.#first = false;
    return true;
  }
  startRead(): boolean {
    return true;
  }
  readByte(): number {
    return this.bytes[this.#at++ % 16]!;
  }
  stops = 0;
  stop(): void {
    this.stops++;
  }
  stretchUs(): number {
    return this.holdUntilUs - this.#world.nowUs();
  }
}

function setUp() {
  const world = new World({ seed: "board", idle: () => Promise.resolve() });
  const pins = new Pins(world);
  const bus = new I2CBus({ world, pins, data: 4, clock: 5 });
  const memory = new Memory(world);
  bus.attach(memory);
  const line = new SerialLine(world);
  const pwm = new PwmRecorder();
  const io = boardIo({ pins, buses: [bus], serials: new Map([[0, line]]), pwm });
  const open = (address = 0x50, hz = 100_000, timeout?: number) =>
    new io.I2C({ data: 4, clock: 5, hz, address, ...(timeout === undefined ? {} : { timeout }) });
  return { world, pins, bus, memory, line, pwm, io, open };
}

describe("I2C of the simulated board", () => {
  it("carries bytes both ways and takes 9 bit times for each, and one for START and STOP", () => {
    const { world, bus, memory, open } = setUp();
    const i2c = open();
    i2c.write(Uint8Array.of(2, 0xaa, 0xbb));
    assert.equal(world.nowUs(), (1 + 4 * 9 + 1) * 10);
    assert.deepEqual([...memory.bytes.subarray(2, 4)], [0xaa, 0xbb]);
    i2c.write(Uint8Array.of(2));
    assert.deepEqual([...new Uint8Array(i2c.read(2))], [0xaa, 0xbb]);
    assert.equal(bus.stats.bytes, 4 + 2 + 3);
    assert.equal(bus.stats.transfers, 3);
    assert.equal(bus.stats.busyUs, world.nowUs());
    assert.equal(bus.statsOf(0x50).bytes, 9);
  });

  it("fills a buffer that is given and says how much it read", () => {
    const { memory, open } = setUp();
    memory.bytes.set([7, 8, 9]);
    const buffer = new Uint8Array(3);
    assert.equal(open().read(buffer), 3);
    assert.deepEqual([...buffer], [7, 8, 9]);
  });

  it("throws when nobody answers the address, after the time of one byte", () => {
    const { world, bus, open } = setUp();
    const i2c = open(0x51);
    assert.throws(() => i2c.write(Uint8Array.of(1)), /write failed/);
    assert.equal(world.nowUs(), 110);
    assert.throws(() => i2c.read(1), /read failed/);
    assert.equal(bus.statsOf(0x51).nacks, 2);
  });

  it("says nothing about a data byte that was not acknowledged, and stops there", () => {
    const { bus, memory, open } = setUp();
    bus.faults.add({ direction: "write", effect: { kind: "data-nack", byte: 2 } });
    open().write(Uint8Array.of(0, 1, 2, 3));
    assert.deepEqual(memory.seen, [0, 1]);
  });

  it("tells the device when a transfer that it took part in ends, and only then", () => {
    const { bus, memory, open } = setUp();
    const i2c = open();
    i2c.write(Uint8Array.of(0));
    i2c.read(1);
    bus.faults.add({ direction: "write", effect: { kind: "data-nack", byte: 0 } });
    i2c.write(Uint8Array.of(0));
    assert.equal(memory.stops, 3);
    bus.faults.add({ effect: { kind: "address-nack" } });
    assert.throws(() => i2c.read(1), /read failed/);
    assert.equal(memory.stops, 3);
  });

  it("strikes where a rule says: address, direction, so many passed, so often", () => {
    const { bus, memory, open } = setUp();
    const i2c = open();
    const effect = { kind: "address-nack" } as const;
    bus.faults.add({ address: 0x51, effect });
    const disarm = bus.faults.add({ direction: "write", skip: 2, times: 2, effect });
    const outcomes = Array.from({ length: 6 }, (_, i) => {
      try {
        i2c.read(1);
        i2c.write(Uint8Array.of(i));
        return "ok";
      } catch (error) {
        return (error as Error).message;
      }
    });
    const failed = "write failed";
    assert.deepEqual(outcomes, ["ok", "ok", failed, failed, "ok", "ok"]);
    assert.deepEqual(memory.seen, [0, 1, 4, 5]);
    disarm();
    assert.equal(bus.faults.struck, 2);
  });

  it("does nothing for a transfer of no bytes, not even on the wire", () => {
    const { world, bus, open } = setUp();
    const i2c = open(0x51);
    i2c.write(new Uint8Array(0));
    assert.equal(i2c.read(0) instanceof ArrayBuffer, true);
    assert.equal(world.nowUs(), 0);
    assert.equal(bus.stats.transfers, 0);
  });

  it("lets the world move on while the processor waits for the wire", () => {
    const { world, open } = setUp();
    let atUs = 0;
    world.after(55, () => {
      atUs = world.nowUs();
    });
    open().write(Uint8Array.of(0, 1));
    assert.equal(atUs, 55);
  });

  it("waits for a stretched clock, and gives up after 200 ms", () => {
    const { world, bus, memory, open } = setUp();
    const i2c = open();
    memory.holdUntilUs = 5000;
    i2c.write(Uint8Array.of(0));
    assert.equal(world.nowUs(), 5000 + 100);
    assert.equal(bus.stats.stretchUs, 5000 - 100);
    memory.holdUntilUs = 300_000;
    const startUs = world.nowUs();
    assert.throws(() => i2c.write(Uint8Array.of(0)), /write failed/);
    assert.equal(world.nowUs() - startUs, 200_000);
  });

  it("obeys the timeout of the options", () => {
    const { world, memory, open } = setUp();
    const i2c = open(0x50, 100_000, 20);
    memory.holdUntilUs = 50_000;
    assert.throws(() => i2c.read(1), /read failed/);
    assert.equal(world.nowUs(), 20_000);
  });

  it("hangs for good on a stuck clock when the board is as unkind as pico-sdk", () => {
    const world = new World({ seed: "hang", idle: () => Promise.resolve() });
    const pins = new Pins(world);
    const onHang = () => {
      throw new Error("watchdog");
    };
    const bus = new I2CBus({ world, pins, data: 2, clock: 3, onHang });
    const io = boardIo({ pins, buses: [bus] });
    const i2c = new io.I2C({ data: 2, clock: 3, hz: 100_000, address: 1 });
    bus.stickScl(Number.POSITIVE_INFINITY);
    assert.throws(() => i2c.read(1), /watchdog/);
  });

  it("times out on a stuck SDA until SCL was clocked nine times as a pin", () => {
    const { bus, pins, io, memory, open } = setUp();
    const i2c = open();
    bus.faults.add({ effect: { kind: "stuck-sda", clocks: 9 } });
    assert.throws(() => i2c.write(Uint8Array.of(0, 1)), /write failed/);
    assert.throws(() => i2c.write(Uint8Array.of(0, 1)), /write failed/);
    assert.throws(() => new io.Digital({ pin: 5, mode: io.Digital.Output }), /in use/);
    i2c.close();
    const sda = new io.Digital({ pin: 4, mode: io.Digital.InputPullUp });
    const scl = new io.Digital({ pin: 5, mode: io.Digital.Output, initialValue: 1 });
    let pulses = 0;
    for (; pulses < 20 && sda.read() === 0; pulses++) {
      scl.write(0);
      scl.write(1);
    }
    assert.equal(pulses, 9);
    assert.equal(pins.shorts, 0);
    sda.close();
    scl.close();
    open().write(Uint8Array.of(0, 1));
    assert.deepEqual(memory.seen, [0, 1]);
  });

  it("flips, drops and doubles bytes by rule, the same ones for the same seed", () => {
    const run = () => {
      const { world, bus, memory, open } = setUp();
      const i2c = open();
      bus.faults.add({ probability: 0.5, times: 100, effect: { kind: "bit-flip" } });
      bus.faults.add({ skip: 1, effect: { kind: "drop-byte", byte: 1 } });
      bus.faults.add({ skip: 2, effect: { kind: "duplicate-byte", byte: 1 } });
      for (let i = 0; i < 20; i++) i2c.write(Uint8Array.of(0, i, i, i));
      return { digest: world.trace.digest(), seen: memory.seen, struck: bus.faults.struck };
    };
    const first = run();
    assert.deepEqual(first, run());
    assert.equal(first.seen.length, 80 - 1 + 1);
    assert.ok(first.struck > 5);
  });

  it("refuses pins of no block, a wrong port, and an address opened twice", () => {
    const { io, open } = setUp();
    open();
    assert.throws(() => open(), /duplicate address/);
    open(0x51);
    const options = { hz: 100_000, address: 1 };
    assert.throws(() => new io.I2C({ data: 5, clock: 4, ...options }), /invalid configuration/);
    const port = { data: 4, clock: 5, port: 1 };
    assert.throws(() => new io.I2C({ ...port, ...options }), /invalid configuration/);
  });

  it("keeps pins until the last instance on them is closed", () => {
    const { io, open } = setUp();
    const a = open(0x50);
    const b = open(0x51);
    a.close();
    assert.throws(() => new io.Digital({ pin: 4, mode: io.Digital.Input }), /in use/);
    b.close();
    assert.throws(() => b.read(1), /closed/);
    assert.equal(new io.Digital({ pin: 4, mode: io.Digital.Input }).read(), 1);
  });
});

describe("Digital of the simulated board", () => {
  it("hands an interrupt to the event loop once, however often the wire moved", async () => {
    const { world, pins, io } = setUp();
    const reads: number[] = [];
    new io.Digital({
      pin: 9,
      mode: io.Digital.InputPullUp,
      edge: io.Digital.Falling,
      onReadable() {
        reads.push(this.read());
      },
    });
    world.after(10, () => {
      pins.pin(9).drive("chip", "low");
      pins.pin(9).drive("chip", "none");
      pins.pin(9).drive("chip", "low");
    });
    await world.runFor(100);
    assert.deepEqual(reads, [0]);
  });

  it("does not call back after close", async () => {
    const { world, pins, io } = setUp();
    const options = { pin: 9, mode: io.Digital.Input, edge: io.Digital.Rising };
    const input = new io.Digital({ ...options, onReadable: () => assert.fail() });
    world.after(10, () => {
      pins.pin(9).drive("chip", "high");
      input.close();
    });
    await world.runFor(100);
  });

  it("comes up low on the port as it is, and as told where initialValue is known", () => {
    const { pins } = setUp();
    const relay = new RelayRecorder({ world: pins.world, pin: pins.pin(15), activeLow: true });
    const asIs = boardIo({ pins, buses: [], digital: { initialValue: false } });
    new asIs.Digital({ pin: 15, mode: asIs.Digital.Output, initialValue: 1 }).close();
    assert.equal(relay.windows().length, 1);
    const kind = boardIo({ pins, buses: [] });
    new kind.Digital({ pin: 15, mode: kind.Digital.Output, initialValue: 1 });
    assert.equal(relay.windows().length, 1);
    assert.equal(relay.energised, false);
  });

  it("counts a short when its open drain, which is none, meets a chip that pulls low", () => {
    const { pins, io } = setUp();
    pins.pin(5).drive("chip", "low");
    const scl = new io.Digital({ pin: 5, mode: io.Digital.OutputOpenDrain });
    scl.write(1);
    assert.equal(pins.shorts, 1);
    assert.equal(pins.pin(5).level, 0);
    assert.throws(() => scl.read(), /unimplemented/);
  });

  it("lets go of all pins when the board restarts", () => {
    const { pins, io } = setUp();
    const relay = new RelayRecorder({ world: pins.world, pin: pins.pin(15) });
    new io.Digital({ pin: 15, mode: io.Digital.Output }).write(1);
    assert.equal(relay.energised, true);
    pins.releaseAll();
    assert.equal(relay.energised, false);
    new io.Digital({ pin: 15, mode: io.Digital.Output });
  });
});

describe("Serial of the simulated board", () => {
  it("moves bytes at the line's speed in both directions", async () => {
    const { world, line, io } = setUp();
    const got: number[] = [];
    let doneUs = 0;
    line.onData((bytes) => {
      got.push(...bytes);
      doneUs = world.nowUs();
    });
    const received: number[] = [];
    const port = new io.Serial({
      transmit: 0,
      receive: 1,
      baud: 100_000,
      onReadable() {
        received.push(...new Uint8Array(this.read()!));
      },
    });
    port.write(Uint8Array.from({ length: 20 }, (_, i) => i));
    line.write(Uint8Array.of(1, 2, 3));
    await world.runFor(10_000);
    assert.equal(doneUs, 20 * 100);
    assert.equal(got.length, 20);
    assert.deepEqual(received, [1, 2, 3]);
  });

  it("says when there is room, throws when there is none, and loses what nobody reads", async () => {
    const { world, line, io } = setUp();
    const room: number[] = [];
    const port = new io.Serial({ transmit: 0, baud: 115_200, onWritable: (n) => room.push(n) });
    port.write(new Uint8Array(128));
    assert.throws(() => port.write(Uint8Array.of(1)), /output full/);
    line.write(new Uint8Array(200));
    await world.runFor(100_000);
    assert.equal(room.at(-1), 128);
    assert.equal(line.lostBytes, 72);
    assert.equal(new Uint8Array(port.read()!).length, 128);
    assert.equal(port.read(), undefined);
  });
});

describe("PWM of the simulated board", () => {
  it("records frequency and duty with their times", () => {
    const { world, pwm, io } = setUp();
    const buzzer = new io.PWM({ pin: 14, hz: 2700 });
    world.advance(50);
    buzzer.write(512);
    buzzer.close();
    assert.deepEqual(
      pwm.of(14).map(({ timeUs, duty }) => [timeUs, Math.round(duty * 100)]),
      [
        [0, 0],
        [50, 50],
        [50, 0],
      ],
    );
  });
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { judgeAnswer } from "../../hal/sensors/modbus-answer.ts";
import { ModbusLine } from "../../hal/sensors/modbus-line.ts";
import MeterAsModdable, { PZEM004T, type PZEM004TOptions } from "../../hal/sensors/pzem-004t.ts";
import { type PZEM004TSample, parsePzemRegisters } from "../../hal/sensors/pzem-registers.ts";
import { Pzem004tModel } from "../../host-sim/chips/pzem-004t-model.ts";
import { PzemLine } from "../../host-sim/chips/pzem-line.ts";
import { withCrc16Modbus } from "../../protocol/encoding/crc16-modbus.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import { code } from "./driver-bench.ts";
import { serialBench } from "./serial-bench.ts";

/** From the mains coming on to the first answer. */
const BOOT_MS = 600;

/** A driver, and as many meters as there are addresses, their mains on. */
async function pzemBench(
  addresses: readonly number[] = [1],
  sensorOptions: { readonly address?: number } = {},
) {
  const bench = serialBench();
  const { world, line, clock, timer, pass } = bench;
  const wire = new PzemLine(world, line);
  const models = addresses.map((address) => new Pzem004tModel(world, { address }));
  wire.attach(...models);
  const sensor = { ...bench.sensor, ...sensorOptions };
  const meter = new PZEM004T({ sensor, clock, timer });
  await pass(BOOT_MS);
  return { ...bench, wire, models, model: models[0]!, meter };
}

describe("PZEM-004T driver and model", () => {
  it("reads what is there", async () => {
    const { run, meter, model } = await pzemBench();
    Object.assign(model.mains, { voltage: 231.4, current: 70.123, frequency: 49.9 });
    model.mains.powerFactor = 0.87;
    model.energyWh = 9_999_000;
    assert.deepEqual(await run(meter.measure()), {
      voltage: 231.4,
      current: 70.123,
      power: 14_117,
      energy: 9_999_000,
      frequency: 49.9,
      powerFactor: 0.87,
      alarmStatus: false,
    });
    model.alarmThreshold = 10_000;
    assert.equal((await run(meter.measure())).alarmStatus, true);
  });

  it("says the bytes of the manual", async () => {
    const { run, meter, wire } = await pzemBench();
    await run(meter.measure());
    await run(meter.configure({ resetEnergy: true }));
    const said = wire.requests.map(({ frame }) => toHex(frame));
    assert.deepEqual(said, ["f8040000000a6464", "f842c241", "f8040000000a6464"]);
  });

  it("leaves the meter 200 ms between requests", async () => {
    const { run, meter, wire } = await pzemBench();
    for (let i = 0; i < 4; i++) await run(meter.measure());
    const times = wire.requests.map(({ atUs }) => atUs);
    for (let i = 1; i < times.length; i++) assert.ok(times[i]! - times[i - 1]! >= 200_000);
  });

  it("is sensor-timeout without mains, and reads again when they are back", async () => {
    const { run, pass, meter, model, wire } = await pzemBench();
    model.mainsOff();
    await assert.rejects(run(meter.measure()), code("sensor-timeout"));
    // Three attempts, and once the question that meters before v3 would answer.
    const said = wire.requests.map(({ frame }) => toHex(frame));
    assert.deepEqual(said.slice(3), ["b0c0a80101001a"]);
    model.mainsOn();
    await pass(BOOT_MS);
    assert.equal((await run(meter.measure())).voltage, 230);
    model.mainsOff();
    await assert.rejects(run(meter.measure()), code("sensor-timeout"));
  });

  it("counts energy only while the mains are on, and resets it", async () => {
    const { run, pass, meter, model } = await pzemBench();
    model.mains.current = 10;
    await pass(360_000);
    assert.equal((await run(meter.measure())).energy, 230);
    await run(meter.configure({ resetEnergy: true }));
    assert.equal(Math.floor(model.energyWh), 0);
    assert.equal((await run(meter.measure())).energy, 0);
    model.mainsOff();
    await pass(360_000);
    assert.ok(model.energyWh < 2);
  });

  for (const [name, hurt, expected] of [
    ["C2, slave error", (model: Pzem004tModel) => model.failing.add(0x42), 4],
    ["84, slave error", (model: Pzem004tModel) => model.failing.add(0x04), 4],
  ] as const) {
    it(`hands on the meter's refusal: ${name}`, async () => {
      const { run, meter, model } = await pzemBench();
      hurt(model);
      const failed = await run(meter.configure({ resetEnergy: true }).catch((e: unknown) => e));
      assert.ok(isLatchkeyError(failed, "sensor-refused"));
      assert.equal(failed.detail["exception"], expected);
    });
  }

  it("does not take the echo of a line for the meter's word that the energy is reset", async () => {
    const { run, meter, wire, model } = await pzemBench();
    model.energyWh = 500;
    wire.echoes = true;
    // The meter does not hear the command; of the reading after it everything comes.
    const answer = model.answer.bind(model);
    model.answer = (frame) => (frame.length === 4 ? undefined : answer(frame));
    const reset = run(meter.configure({ resetEnergy: true }));
    await assert.rejects(reset, code("sensor-refused"));
  });

  it("sets an address, which is read back and kept without power", async () => {
    const { run, pass, meter, model } = await pzemBench();
    await run(meter.setAddress(0x12));
    assert.equal(model.address, 0x12);
    assert.equal(meter.address, 0x12);
    model.mainsOff();
    model.mainsOn();
    await pass(BOOT_MS);
    assert.equal((await run(meter.measure())).voltage, 230);
    assert.throws(() => meter.setAddress(0xf8), RangeError);
    assert.throws(() => meter.setAddress(0), RangeError);
    await run(meter.setAddress(0x12));
  });

  it("refuses an address that another meter has, and one that the meter does not keep", async () => {
    const { run, meter, models } = await pzemBench([1, 2], { address: 1 });
    await assert.rejects(run(meter.setAddress(2)), code("sensor-address-clash"));
    assert.deepEqual(
      models.map(({ address }) => address),
      [1, 2],
    );
    models[0]!.failing.add(0x06);
    await assert.rejects(run(meter.setAddress(3)), code("sensor-refused"));
    assert.equal(meter.address, 1);
  });

  it("tells an address clash whether the meters answer together, overlapping or in turn", async () => {
    for (const laterUs of [0, 2000, 13_000, 40_000]) {
      const { run, meter, models, world } = await pzemBench([7, 7], { address: 7 });
      models[1]!.thinkUs = models[0]!.thinkUs + laterUs;
      models[0]!.mains.voltage = 229.7;
      models[1]!.mains.voltage = 231.2;
      const startUs = world.nowUs();
      await assert.rejects(run(meter.measure()), code("sensor-address-clash"), `${laterUs} µs`);
      assert.ok(world.nowUs() - startUs < 2_000_000);
    }
  });

  it("tells it at the general address, too, and changes neither meter", async () => {
    for (const addresses of [
      [1, 2],
      [1, 1],
    ]) {
      const { run, meter, models } = await pzemBench(addresses);
      models[1]!.mains.voltage = 228.1;
      await assert.rejects(run(meter.setAddress(9)), code("sensor-address-clash"));
      assert.deepEqual(
        models.map(({ address }) => address),
        addresses,
      );
    }
  });

  it("reads several meters on one line by their addresses", async () => {
    const bench = serialBench();
    const { world, line, clock, timer, run, pass } = bench;
    const wire = new PzemLine(world, line);
    const shared = new ModbusLine(bench.sensor, { clock, timer });
    const meters = [1, 2, 3].map((address) => {
      const model = new Pzem004tModel(world, { address });
      model.mains.voltage = 220 + address;
      wire.attach(model);
      return new PZEM004T({ sensor: { line: shared, address }, clock, timer });
    });
    await pass(BOOT_MS);
    const samples = await run(Promise.all(meters.map((meter) => meter.measure())));
    assert.deepEqual(
      samples.map(({ voltage }) => voltage),
      [221, 222, 223],
    );
    for (const meter of meters) meter.close();
    assert.equal((await run(meters[0]!.measure())).voltage, 221);
    shared.close();
    await assert.rejects(run(meters[0]!.measure()), code("cancelled"));
  });

  it("reads through a line that gives back what is sent", async () => {
    const { run, meter, wire, model } = await pzemBench();
    wire.echoes = true;
    assert.equal((await run(meter.measure())).voltage, 230);
    await run(meter.setAddress(5));
    model.energyWh = 100;
    await run(meter.configure({ resetEnergy: true }));
    assert.equal(Math.floor(model.energyWh), 0);
    model.mainsOff();
    const failed = await run(meter.measure().catch((error: unknown) => error));
    assert.ok(isLatchkeyError(failed, "sensor-timeout"));
    assert.match(failed.message, /echo/);
  });

  it("asks again when a bit flipped, and is sensor-checksum when the line stays bad", async () => {
    const { run, meter, wire } = await pzemBench();
    let spoilt = 0;
    const flip = (bytes: Uint8Array, at: number) => {
      bytes[at]! ^= 4;
      return bytes;
    };
    wire.spoil = (bytes) => (spoilt++ < 2 ? flip(bytes, 7) : bytes);
    assert.equal((await run(meter.measure())).voltage, 230);
    let at = 0;
    wire.spoil = (bytes) => flip(bytes, at++ % 3);
    await assert.rejects(run(meter.measure()), code("sensor-checksum"));
    wire.spoil = (bytes) => bytes.subarray(0, 11);
    await assert.rejects(run(meter.measure()), code("sensor-checksum"));
  });

  it("reads an answer that came while the program computed", async () => {
    const { run, world, line, clock, timer, sensor, wire } = await pzemBench();
    // Timers come before the port's message: the bytes are there, nobody has said so.
    const { io: Io } = sensor;
    const late = class extends Io {
      constructor({ onReadable: _, ...options }: ConstructorParameters<typeof Io>[0]) {
        super(options);
      }
    };
    line.connect(undefined);
    const meter = new PZEM004T({ sensor: { ...sensor, io: late }, clock, timer });
    const reading = meter.measure();
    world.task(1000, () => world.advance(2_000_000));
    assert.equal((await run(reading)).voltage, 230);
    assert.equal(wire.requests.length, 1);
    assert.equal(line.lostBytes, 0);
  });

  it("recognises the meters before v3", async () => {
    const { run, meter, wire, model } = await pzemBench();
    wire.detach(model);
    wire.attach({
      answer: (frame) =>
        toHex(frame) === "b0c0a80101001a"
          ? { afterUs: 20_000, bytes: fromHex("a000e602000088") }
          : undefined,
    });
    await assert.rejects(run(meter.measure()), code("sensor-wrong-chip"));
  });

  it("sends no number that the meter cannot have measured", async () => {
    for (const wrong of [
      { voltage: 0 },
      { voltage: 6553.5 },
      { frequency: 0 },
      { powerFactor: 1.5 },
      { current: 600 },
    ]) {
      const { run, meter, model } = await pzemBench();
      Object.assign(model.mains, wrong);
      await assert.rejects(run(meter.measure()), code("sensor-out-of-range"));
    }
    const registers = new Uint8Array(20);
    registers.set([8, 0xfc]);
    registers.set([1, 0xf4, 0, 100, 0, 1], 14);
    assert.throws(() => parsePzemRegisters(registers), code("sensor-out-of-range"));
    registers.set([0, 0], 18);
    assert.equal(parsePzemRegisters(registers).voltage, 230);
  });
});

describe("PZEM-004T in the words of Moddable's driver", () => {
  it("hands one reading, or what went wrong, to a callback", async () => {
    const { run, pass, meter, model } = await pzemBench();
    const call = () =>
      new Promise<readonly [unknown, PZEM004TSample | undefined]>((resolve) =>
        meter.sample((error, sample) => resolve([error, sample])),
      );
    const pending = call();
    assert.throws(() => meter.sample(() => {}), code("busy"));
    assert.equal((await run(pending))[1]?.voltage, 230);
    model.mainsOff();
    const [error] = await run(call());
    assert.ok(isLatchkeyError(error, "sensor-timeout"));
    model.failing.add(0x42);
    meter.configure({ resetEnergy: true });
    await pass(3000);
    assert.equal(meter.identification.classification, "Energy");
    assert.deepEqual(meter.configuration, { address: 0xf8 });
    await new Promise<void>((resolve) => meter.close(() => resolve()));
    assert.equal(MeterAsModdable, PZEM004T);
  });

  it("gives by polling each reading once, and each fault once", async () => {
    const { pass, meter, model } = await pzemBench();
    assert.equal(meter.sample(), undefined);
    assert.equal(meter.sample(), undefined);
    await pass(300);
    model.mains.voltage = 240;
    assert.equal(meter.sample()?.voltage, 230);
    await pass(300);
    assert.equal(meter.sample()?.voltage, 240);
    model.mainsOff();
    await pass(4000);
    assert.throws(() => meter.sample(), code("sensor-timeout"));
    assert.equal(meter.sample(), undefined);
  });

  it("takes addresses of meters only", () => {
    const { clock, timer, sensor } = serialBench();
    const open = (address: number): PZEM004TOptions => ({
      sensor: { ...sensor, address },
      clock,
      timer,
    });
    for (const address of [0, -1, 249, 1.5]) {
      assert.throws(() => new PZEM004T(open(address)), RangeError);
    }
  });
});

describe("What comes back to a Modbus request", () => {
  const request = withCrc16Modbus(fromHex("01040000000a"));
  const asked = { request, answerBytes: 25, anyAddress: false };
  const good = fromHex("010414089803e80000089800000000000001f40064000063ce");

  it("is data only when it is whole, good, and from the device that was asked", () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.tuple(fc.nat(24), fc.integer({ min: 1, max: 255 })).map(([at, mask]) => {
        const bad = good.slice();
        bad[at]! ^= mask;
        return bad;
      }),
    );
    const property = fc.property(anything, (bytes) => {
      assert.notEqual(judgeAnswer(asked, bytes).kind, "data");
    });
    fc.assert(property, { numRuns: 300 });
    assert.equal(judgeAnswer(asked, good).kind, "data");
    assert.deepEqual(judgeAnswer({ ...asked, request: fromHex("0204") }, good), {
      kind: "stranger",
      address: 1,
    });
  });
});

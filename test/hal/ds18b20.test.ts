import assert from "node:assert/strict";
import { DS18B20, type DS18B20Settings } from "../../hal/sensors/ds18b20.ts";
import { fromHex } from "../../protocol/encoding/hex.ts";
import { isLatchkeyError, type LatchkeyError } from "../../protocol/errors.ts";
import { code } from "./driver-bench.ts";
import { type OneWireBench as Bench, pinLineBench, uartBench } from "./onewire-bench.ts";

/** For the first probe, unless told: without its address each set-up is a search. */
function driver(bench: Bench, more: Partial<DS18B20Settings> & { address?: string } = {}): DS18B20 {
  const { address = bench.probes[0]!.address, ...settings } = more;
  const { bus, clock, timer } = bench;
  return new DS18B20({ sensor: { bus, address }, clock, timer, ...settings });
}

/** For whichever probe is on the bus. */
function finder({ bus, clock, timer }: Bench): DS18B20 {
  return new DS18B20({ sensor: { bus }, clock, timer });
}

const detail = (wanted: string, pattern: RegExp) => (error: unknown) =>
  isLatchkeyError(error, wanted as "busy") && pattern.test(JSON.stringify(error));

/** What the driver owes on any 1-Wire bus. */
function driverSuite(oneWireBench: () => Bench): void {
  it("measures the only probe on the bus without being told its address", async () => {
    const bench = oneWireBench();
    const probe = bench.probe({ celsius: 21.4 });
    const sensor = finder(bench);
    assert.deepEqual(await bench.run(sensor.measure()), { temperature: 21.375 });
    assert.equal(sensor.address, probe.address);
    assert.deepEqual(sensor.sample(), { temperature: 21.375 });
    assert.equal(sensor.sample(), undefined);
    assert.deepEqual(probe.violations, []);
  });

  for (const [resolution, expected, limitMs] of [
    [9, -10.5, 300],
    [10, -10.25, 400],
    [11, -10.25, 600],
    [12, -10.1875, 1000],
  ] as const) {
    it(`measures with ${resolution} bits, below zero as well`, async () => {
      const bench = oneWireBench();
      bench.probe({ celsius: -10.15, speed: 1 });
      const sensor = driver(bench, { resolution });
      assert.deepEqual(await bench.run(sensor.measure()), { temperature: expected });
      const startUs = bench.world.nowUs();
      await bench.run(sensor.measure());
      assert.ok(bench.world.nowUs() - startUs < limitMs * 1000);
    });
  }

  it("measures several probes of one bus, each asked at the same time", async () => {
    const bench = oneWireBench();
    const sensors = [-20, 0, 85, 125].map((celsius) =>
      driver(bench, { address: bench.probe({ celsius }).address }),
    );
    const samples = await bench.run(Promise.all(sensors.map((sensor) => sensor.measure())));
    assert.deepEqual(
      samples.map(({ temperature }) => temperature),
      [-20, 0, 85, 125],
    );
    assert.ok(bench.probes.every(({ violations }) => violations.length === 0));
  });

  it("a second measurement while one is under way is busy", async () => {
    const bench = oneWireBench();
    bench.probe();
    const sensor = driver(bench);
    const first = sensor.measure();
    await assert.rejects(sensor.measure(), code("busy"));
    assert.equal((await bench.run(first)).temperature, 20);
  });

  it("a resolution that is changed while it measures counts from the next time on", async () => {
    const bench = oneWireBench();
    bench.probe({ celsius: -10.15 });
    const sensor = driver(bench);
    await bench.run(sensor.measure());
    for (const atMs of [5, 300]) {
      sensor.configure({ resolution: 12 });
      await bench.run(sensor.measure());
      bench.world.after(atMs * 1000, () => sensor.configure({ resolution: 9 }));
      assert.equal((await bench.run(sensor.measure())).temperature, -10.1875);
      assert.equal((await bench.run(sensor.measure())).temperature, -10.5);
    }
  });

  it("several probes and no address is sensor-address-clash, and says which there are", async () => {
    const bench = oneWireBench();
    const { address } = bench.probe();
    bench.probe();
    const clash = detail("sensor-address-clash", new RegExp(address));
    await assert.rejects(bench.run(finder(bench).measure()), clash);
  });

  it("an empty bus is sensor-absent, another family sensor-wrong-chip by its name", async () => {
    const bench = oneWireBench();
    await assert.rejects(bench.run(finder(bench).measure()), code("sensor-absent"));
    const old = bench.probe({ family: 0x10 });
    await assert.rejects(
      bench.run(finder(bench).measure()),
      detail("sensor-wrong-chip", /DS18S20/),
    );
    assert.throws(
      () => driver(bench, { address: old.address }),
      detail("sensor-wrong-chip", /DS18S20/),
    );
    // Beside a probe of the right family the stranger does not matter.
    bench.probe({ celsius: 5 });
    assert.equal((await bench.run(finder(bench).measure())).temperature, 5);
  });

  it("an address or a resolution that cannot be one is refused at once", () => {
    const bench = oneWireBench();
    bench.probe();
    assert.throws(() => driver(bench, { address: "28ff" }), code("malformed"));
    assert.throws(
      () => driver(bench, { address: "0x1c0000031edd2a29" }),
      code("sensor-wrong-chip"),
    );
    assert.throws(() => driver(bench, { address: "0x1d0000031edd2a28" }), code("sensor-checksum"));
    assert.throws(() => driver(bench, { resolution: 8 }), code("malformed"));
  });

  it("a true 85 °C is measured; the 85 °C of a restart is sensor-power-on-value", async () => {
    const bench = oneWireBench();
    const probe = bench.probe({ celsius: 85 });
    const sensor = driver(bench);
    assert.equal((await bench.run(sensor.measure())).temperature, 85);
    for (const atMs of [20, 400, 755]) {
      bench.world.after(atMs * 1000, () => probe.losePower());
      const broken = await bench.run(sensor.measure().catch((error: unknown) => error));
      // While it only waits there is nothing that its presence pulse can disturb.
      const codes = atMs === 400 ? [] : ["sensor-bus"];
      const { code: told } = broken as LatchkeyError;
      assert.ok(["sensor-power-on-value", ...codes].includes(told), `${atMs} ms: ${broken}`);
      await bench.pass(10);
      assert.equal((await bench.run(sensor.measure())).temperature, 85);
    }
  });

  it("a restart between two measurements is noticed, whatever is in the EEPROM", async () => {
    for (const eeprom of [
      [0x4b, 0x46, 0x7f],
      [0, 0, 0x1f],
      [0xff, 0xff, 0x7f],
      [0x55, 0xaa, 0x3f],
    ] as const) {
      const bench = oneWireBench();
      const probe = bench.probe({ celsius: 30, eeprom });
      const sensor = driver(bench);
      await bench.run(sensor.measure());
      probe.losePower();
      await bench.pass(10);
      await assert.rejects(bench.run(sensor.measure()), code("sensor-power-on-value"));
      assert.equal((await bench.run(sensor.measure())).temperature, 30);
    }
  });

  it("a command to convert that was not heard gives no reading, not the last one", async () => {
    const bench = oneWireBench();
    const probe = bench.probe({ celsius: 30 });
    const sensor = driver(bench);
    await bench.run(sensor.measure());
    probe.celsius = 10;
    probe.faults.deafConversions = 1;
    await assert.rejects(bench.run(sensor.measure()), /did not begin to measure/);
    assert.equal((await bench.run(sensor.measure())).temperature, 10);
  });

  it("parasite power is refused with sensor-no-supply", async () => {
    const bench = oneWireBench();
    const probe = bench.probe({ parasite: true });
    await assert.rejects(bench.run(driver(bench).measure()), code("sensor-no-supply"));
    assert.equal(probe.conversions, 0);
  });

  it("reads again after a flipped bit; three in a row are sensor-checksum", async () => {
    const bench = oneWireBench();
    const probe = bench.probe({ celsius: 7 });
    const sensor = driver(bench);
    await bench.run(sensor.measure());
    probe.faults.flippedReads = 2;
    assert.equal((await bench.run(sensor.measure())).temperature, 7);
    probe.faults.flippedReads = 3;
    await assert.rejects(bench.run(sensor.measure()), code("sensor-checksum"));
  });

  it("a probe that is pulled off is sensor-absent, and is believed again when it is back", async () => {
    const bench = oneWireBench();
    const probe = bench.probe({ celsius: 7 });
    const other = bench.probe({ celsius: 8 });
    const sensor = driver(bench, { address: probe.address });
    await bench.run(sensor.measure());
    probe.powerOff();
    const gone = detail("sensor-absent", new RegExp(`"found":"${other.address}"`));
    await assert.rejects(bench.run(sensor.measure()), gone);
    other.powerOff();
    await assert.rejects(bench.run(sensor.measure()), code("sensor-absent"));
    probe.powerOn();
    await bench.pass(10);
    assert.equal((await bench.run(sensor.measure())).temperature, 7);
  });

  it("the only probe may be replaced by another", async () => {
    const bench = oneWireBench();
    const sensor = finder(bench);
    const first = bench.probe({ celsius: 7 });
    await bench.run(sensor.measure());
    first.powerOff();
    const second = bench.probe({ celsius: 9 });
    await assert.rejects(bench.run(sensor.measure()), code("sensor-absent"));
    assert.equal((await bench.run(sensor.measure())).temperature, 9);
    assert.equal(sensor.address, second.address);
  });

  it("a clone that does not take the resolution is named, and works with its own", async () => {
    const bench = oneWireBench();
    bench.probe({ celsius: 7, fixedResolution: 12 });
    const sensor = driver(bench, { resolution: 10 });
    await assert.rejects(bench.run(sensor.measure()), /always measures with 12 bits/);
    sensor.configure({ resolution: 12 });
    assert.equal((await bench.run(sensor.measure())).temperature, 7);
  });

  it("a conversion that does not end is sensor-timeout, and the bus is free again", async () => {
    const bench = oneWireBench();
    bench.probe({ speed: 3, serial: fromHex("000000000001") });
    const good = bench.probe({ celsius: 7 });
    const slow = driver(bench);
    await assert.rejects(bench.run(slow.measure(), 2_000), code("sensor-timeout"));
    assert.equal(
      (await bench.run(driver(bench, { address: good.address }).measure())).temperature,
      7,
    );
  });

  it("does not wear the EEPROM", async () => {
    const bench = oneWireBench();
    const eeprom = [1, 2, 0x1f] as const;
    const probe = bench.probe({ eeprom });
    await bench.run(driver(bench).measure());
    assert.deepEqual(probe.stored, eeprom);
  });
}

describe("the DS18B20 driver on a pin", () => driverSuite(pinLineBench));

describe("the DS18B20 driver behind a UART", () => driverSuite(uartBench));

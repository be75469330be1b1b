import assert from "node:assert/strict";
import { EVERY_DRIVER } from "../../firmware/sensor/drivers/every-driver.ts";
import type { SensorDriver } from "../../firmware/sensor/sensor-driver.ts";
import { SensorSimulation } from "../../host-sim/node/sensor-simulation.ts";
import type { SensorRig } from "../../host-sim/rig/sensor-rig.ts";
import { fromUtf8, toUtf8 } from "../../protocol/encoding/utf8.ts";
import type { ReadingRow } from "../../server/store/readings.ts";

const BME280 = { platform: "bme280", data: 2, clock: 3 };
const GPS = { platform: "neo-6m", transmit: 8, receive: 9, update_interval: "10s" };
const PROBE = { platform: "ds18b20", transmit: 8, receive: 9, update_interval: "10s" };
const PIN_PROBE = { platform: "ds18b20", pin: 22, update_interval: "10s" };
const METER = { platform: "pzem-004t", transmit: 8, receive: 9, update_interval: "10s" };

/** A sensor of somebody's own, which says what no part measures. */
const NAN: SensorDriver = {
  platform: "broken",
  settings: [],
  quantities: ["temperature"],
  configure: () => () => ({
    measure: async () => ({ temperature: Number.NaN }),
    close: () => undefined,
  }),
};

/** A node with the sensor in question, and one that works beside it. */
class Case {
  readonly sim: SensorSimulation;
  #console = "";

  private constructor(sim: SensorSimulation) {
    this.sim = sim;
    sim.board.serial.onData((bytes) => {
      this.#console += fromUtf8(bytes);
    });
  }

  static async begin(
    sensor: Readonly<Record<string, unknown>>,
    prepare: (rig: SensorRig) => void = () => {},
  ): Promise<Case> {
    const good = { platform: "ina219", name: "battery", data: 4, clock: 5, update_interval: "10s" };
    const sim = await SensorSimulation.create({
      seed: JSON.stringify(sensor),
      node: {
        sensors: [{ name: "suspect", ...sensor }, good],
        upload: { every: "5s" },
        display: undefined,
      },
      drivers: [...EVERY_DRIVER, NAN],
    });
    const { rig } = sim.board;
    rig.set("battery", { voltage: 12.5, current: 0.5 });
    const bad = new Case(sim);
    sim.board.powerOn();
    prepare(rig);
    return bad;
  }

  run(seconds: number): Promise<void> {
    return this.sim.world.runFor(seconds * 1e6);
  }

  async console(command: string): Promise<string> {
    this.#console = "";
    this.sim.board.serial.write(toUtf8(`${command}\r\n`));
    await this.run(2);
    return this.#console;
  }

  /** Codes that the server was told of the suspect, in order and each once. */
  codes(): string[] {
    const faults = this.sim.readings.flatMap(({ reading }) => reading.faults ?? []);
    return [...new Set(faults.filter(({ sensor }) => sensor === "suspect").map((f) => f.code))];
  }
}

/** Rows in which a number of the suspect stands. */
const withValue = (rows: readonly ReadingRow[], field: string) =>
  rows.filter(({ reading }) => field in reading.fields);

/** What the issue lists, and what has to come of it. */
const CASES: readonly (readonly [
  name: string,
  sensor: Readonly<Record<string, unknown>>,
  prepare: (rig: SensorRig) => void,
  code: string,
  field: string,
])[] = [
  [
    "a sensor that is absent",
    BME280,
    (rig) => rig.fault("suspect", "absent"),
    "sensor-absent",
    "temperature",
  ],
  [
    "a checksum that is wrong",
    PROBE,
    (rig) => rig.fault("suspect", "crc"),
    "sensor-checksum",
    "temperature",
  ],
  [
    "85 °C after a loss of power",
    PROBE,
    (rig) => rig.fault("suspect", "reset"),
    "sensor-power-on-value",
    "temperature",
  ],
  [
    "a checksum that is wrong, on a pin",
    PIN_PROBE,
    (rig) => rig.fault("suspect", "crc"),
    "sensor-checksum",
    "temperature",
  ],
  [
    "85 °C after a loss of power, on a pin",
    PIN_PROBE,
    (rig) => rig.fault("suspect", "reset"),
    "sensor-power-on-value",
    "temperature",
  ],
  [
    "a receiver without a fix",
    GPS,
    (rig) => rig.set("suspect", { satellites: 0 }),
    "sensor-no-fix",
    "lat",
  ],
  [
    "two meters of one address",
    METER,
    (rig) => rig.fault("suspect", "clash"),
    "sensor-address-clash",
    "power",
  ],
  [
    "a value that is no number",
    { platform: "broken" },
    () => undefined,
    "sensor-out-of-range",
    "temperature",
  ],
];

describe("bad input of sensors", () => {
  for (const [name, sensor, prepare, code, field] of CASES) {
    it(`reports ${name}, and sends no number`, async () => {
      const bad = await Case.begin(sensor, prepare);
      await bad.run(90);
      const rows = bad.sim.readings;
      assert.ok(bad.codes().includes(code), `${bad.codes()}`);
      const good = rows.filter(({ reading: { fields, named } }) =>
        // The suspect is listed first: where both have a voltage, the wire's field is its own.
        [fields.voltage, named?.["battery.voltage"]].includes(12.5),
      );
      assert.ok(good.length >= 5, "the other sensor goes on");
      const own = withValue(rows, field).filter(({ reading }) => reading.fields.power !== 6.25);
      assert.deepEqual(own, []);
      const said = await bad.console("sensors");
      assert.match(said, new RegExp(`suspect .*no reading yet\\r\\n +(${bad.codes().join("|")}),`));
      assert.match(said, /battery .*voltage 12\.5/);
    });
  }

  it("reads through a chip that misses its address, and tells of it", async () => {
    const bad = await Case.begin({ ...BME280, update_interval: "10s" }, (rig) => {
      rig.set("suspect", { temperature: 21.5, humidity: 40, pressure: 1000 });
      rig.fault("suspect", "nack");
    });
    await bad.run(300);
    assert.ok(bad.codes().includes("sensor-absent"));
    for (const { reading } of withValue(bad.sim.readings, "temperature"))
      assert.ok(Math.abs(reading.fields.temperature! - 21.5) < 0.05);
  });

  it("gives up a value that stands still", async () => {
    const bad = await Case.begin({ ...BME280, update_interval: "5min" });
    await bad.run(60);
    bad.sim.board.rig.fault("suspect", "stuck");
    await bad.run(3 * 3600);
    assert.deepEqual(bad.codes(), ["sensor-stuck"]);
    const rows = withValue(bad.sim.readings, "temperature");
    assert.ok(rows.length <= 14, `${rows.length} of 37: none after an hour`);
    assert.match(await bad.console("sensors"), /sensor-stuck/);
  });

  it("believes a jump when it is confirmed, and not before", async () => {
    const bad = await Case.begin({ ...BME280, update_interval: "10s" });
    const { rig } = bad.sim.board;
    rig.set("suspect", { temperature: 20, humidity: 40, pressure: 1000 });
    await bad.run(65);
    rig.set("suspect", { temperature: 60 });
    await bad.run(6);
    rig.set("suspect", { temperature: 20 });
    await bad.run(60);
    assert.deepEqual(bad.codes(), ["sensor-jump"]);
    const spark = withValue(bad.sim.readings, "temperature");
    assert.deepEqual(
      spark.filter(({ reading }) => reading.fields.temperature! > 21).map(({ at }) => at),
      [],
    );
    rig.set("suspect", { temperature: 60 });
    await bad.run(60);
    const last = withValue(bad.sim.readings, "temperature").at(-1);
    assert.ok(Math.abs(last!.reading.fields.temperature! - 60) < 0.1);
  });

  it("tells a lasting fault once, and once in a heartbeat", async () => {
    const bad = await Case.begin({ ...BME280, heartbeat: "1h" }, (rig) =>
      rig.fault("suspect", "absent"),
    );
    await bad.run(3 * 3600 - 60);
    const faults = bad.sim.readings.flatMap(({ reading }) => reading.faults ?? []);
    assert.equal(faults.length, 3);
    assert.ok(faults[2]!.count > faults[1]!.count);
    bad.sim.board.rig.fault("suspect", "absent")!();
    await bad.run(600);
    assert.equal(withValue(bad.sim.readings, "temperature").length > 0, true);
  });
});

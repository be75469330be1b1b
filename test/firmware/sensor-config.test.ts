import assert from "node:assert/strict";
import { readerConfig } from "../../firmware/config.ts";
import { EVERY_DRIVER } from "../../firmware/sensor/drivers/every-driver.ts";
import { parseSensorNodeConfig, sensorNodeConfig } from "../../firmware/sensor/sensor-config.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { sampleConfig } from "./sample-config.ts";

type Entry = Record<string, unknown>;

const BUS = Object.freeze({ data: 2, clock: 3 });

/** A node with one of each; tests change one thing at a time. */
function sampleSensors(): Entry[] {
  return [
    { platform: "bme280", name: "room", ...BUS, temperature: { delta: 0.2, above: 30 } },
    { platform: "bmp390", name: "roof", ...BUS },
    { platform: "ina219", name: "battery", ...BUS, update_interval: "10s" },
    { platform: "ds18b20", name: "fridge", transmit: 8, receive: 9, address: FRIDGE },
    { platform: "ds18b20", name: "freezer", transmit: 8, receive: 9, address: FREEZER },
    { platform: "hc-sr501", name: "hall", pin: 16 },
    { platform: "dht22", name: "cellar", pin: 17, heartbeat: "15min" },
  ];
}

/** A ROM of the data sheet's kind: family 28, CRC behind. */
const FRIDGE = "0x2c0000000000a228";
const FREEZER = "0x1b0000000000a328";

function sampleNode(sensors: readonly Entry[] = sampleSensors()): Record<string, unknown> {
  const { nfc: _, relay, led, buzzer, df1, display, node_type, ...node } = sampleConfig();
  return { ...node, node_type: "sensor", sensors };
}

function failure(make: () => unknown): LatchkeyError {
  try {
    make();
  } catch (error) {
    assert.ok(error instanceof LatchkeyError, String(error));
    assert.equal(error.code, "config-invalid");
    return error;
  }
  return assert.fail("the configuration was accepted");
}

const first = (changes: Entry) => [{ ...sampleSensors()[0], ...changes }];

const WRONG: readonly (readonly [field: string, says: RegExp, sensors: unknown])[] = [
  ["sensors", /missing/, undefined],
  ["sensors", /list/, {}],
  ["sensors", /1 to 16/, []],
  ["sensors[0]", /object/, ["bme280"]],
  ["sensors[0].platform", /"bme280" or/, first({ platform: "bme820" })],
  ["sensors[0].name", /missing/, [{ platform: "bme280", ...BUS }]],
  ["sensors[0].name", /word/, first({ name: "Living room" })],
  ["sensors[1].name", /another sensor/, [...first({}), { ...sampleSensors()[1], name: "room" }]],
  ["sensors[0].update_interval", /text/, first({ update_interval: 60 })],
  ["sensors[0].update_interval", /60s/, first({ update_interval: "1 m" })],
  ["sensors[0].update_interval", /0\.1 s/, first({ update_interval: "10ms" })],
  ["sensors[0].update_intervall", /update_interval/, first({ update_intervall: "60s" })],
  ["sensors[0].temperature.detla", /delta/, first({ temperature: { detla: 1 } })],
  ["sensors[0].temperature.delta", /number/, first({ temperature: { delta: "1" } })],
  ["sensors[0].temperature.below", /above/, first({ temperature: { above: 1, below: 2 } })],
  ["sensors[0].temperature.oversampling", /1, 2/, first({ temperature: { oversampling: 3 } })],
  ["sensors[0].address", /118 to 119/, first({ address: 0x44 })],
  ["sensors[0].clock", /I2C1/, first({ clock: 5 })],
  ["sensors[1].hz", /100000 Hz/, [...first({}), { ...sampleSensors()[1], hz: 400_000 }]],
  [
    "sensors[1].address",
    /used by sensors\[0\]/,
    [...first({}), { ...sampleSensors()[1], address: 118 }],
  ],
  ["sensors[1].data", /other pins/, [...first({}), { ...sampleSensors()[1], data: 6, clock: 7 }]],
  [
    "sensors[0].transmit",
    /already used by console/,
    [{ ...sampleSensors()[3], transmit: 0, receive: 1 }],
  ],
  ["sensors[0].transmit", /UART0/, [{ ...sampleSensors()[3], transmit: 12, receive: 13 }]],
  ["sensors[0].pin", /missing/, [{ platform: "ds18b20", name: "fridge" }]],
  ["sensors[0].pin", /without a UART/, [{ ...sampleSensors()[3], pin: 22 }]],
  [
    "sensors[1].pin",
    /already used by sensors\[0\]\.pin/,
    [{ platform: "ds18b20", name: "fridge", pin: 17 }, sampleSensors()[6]],
  ],
  [
    "sensors[1].pin",
    /already used by sensors\[0\]\.pin/,
    [sampleSensors()[6], { platform: "ds18b20", name: "fridge", pin: 17 }],
  ],
  ["sensors[0].address", /16 hexadecimal/, [{ ...sampleSensors()[3], address: "28ff" }]],
  ["sensors[0].update_interval", /2 s/, [{ ...sampleSensors()[6], update_interval: "1s" }]],
];

describe("sensor configuration", () => {
  it("is read whole from JSON", () => {
    const config = parseSensorNodeConfig(JSON.stringify(sampleNode()), EVERY_DRIVER);
    assert.equal(config.nodeType, "sensor");
    assert.deepEqual(config.upload, { everyMs: 60_000, readings: 30 });
    assert.deepEqual(
      config.sensors.map(({ name, intervalMs, heartbeatMs }) => [name, intervalMs, heartbeatMs]),
      [
        ["room", 60_000, 3_600_000],
        ["roof", 60_000, 3_600_000],
        ["battery", 10_000, 3_600_000],
        ["fridge", 60_000, 3_600_000],
        ["freezer", 60_000, 3_600_000],
        ["hall", 60_000, 3_600_000],
        ["cellar", 60_000, 900_000],
      ],
    );
    assert.deepEqual(config.sensors[0]!.filters.get("temperature"), { delta: 0.2, above: 30 });
  });

  it("gives the wire's field to the first sensor that has it, a name to each further one", () => {
    const { sensors } = sensorNodeConfig(sampleNode(), EVERY_DRIVER);
    const names = sensors.map(({ wireNames }) => [...wireNames.values()]);
    assert.deepEqual(names.slice(0, 4), [
      ["temperature", "humidity", "pressure"],
      ["roof.pressure", "roof.temperature"],
      ["voltage", "current", "power"],
      ["fridge.temperature"],
    ]);
  });

  for (const [field, says, sensors] of WRONG) {
    it(`names ${field}: ${says.source}`, () => {
      const node = { ...sampleNode(), sensors };
      const { message, detail } = failure(() => sensorNodeConfig(node, EVERY_DRIVER));
      assert.match(message, says);
      const named = String(detail["field"]);
      assert.ok(named === field || message.startsWith(`${field}:`), `${named}: ${message}`);
    });
  }

  it("keeps sensors off the PN532's block, and off its pins", () => {
    const config = (data: number, clock: number) => ({
      ...sampleConfig(),
      display: undefined,
      sensors: [{ ...sampleSensors()[0], data, clock }],
    });
    assert.equal(readerConfig(config(2, 3), EVERY_DRIVER).sensors.length, 1);
    const same = failure(() => readerConfig(config(4, 5), EVERY_DRIVER));
    assert.match(same.message, /sensors\[0\]\.data: GPIO 4 is already used by nfc\.data/);
    const block = failure(() => readerConfig(config(8, 9), EVERY_DRIVER));
    assert.match(block.message, /the PN532 needs I2C0 for itself/);
  });

  it("lets sensors share the display's bus at its speed", () => {
    const node = { ...sampleNode([sampleSensors()[0]!]), display: BUS };
    assert.equal(sensorNodeConfig(node, EVERY_DRIVER).sensors.length, 1);
    const slower = { ...node, sensors: [{ ...sampleSensors()[0], hz: 100_000 }] };
    assert.match(
      failure(() => sensorNodeConfig(slower, EVERY_DRIVER)).message,
      /because of display/,
    );
  });

  it("lets probes share a pin as they share a UART", () => {
    const probe = { platform: "ds18b20", pin: 22 };
    const probes = [
      { ...probe, name: "fridge", address: FRIDGE },
      { ...probe, name: "freezer", address: FREEZER },
    ];
    const { sensors } = sensorNodeConfig(sampleNode(probes), EVERY_DRIVER);
    assert.deepEqual(
      sensors.map(({ name }) => name),
      ["fridge", "freezer"],
    );
  });

  it("says that a firmware without drivers has none", () => {
    const { message } = failure(() =>
      readerConfig({ ...sampleConfig(), sensors: sampleSensors() }),
    );
    assert.match(message, /no drivers/);
  });
});

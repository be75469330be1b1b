/**
 * What the sensors on one pin cost on XS. The 1-Wire figure includes the simulated port, line and
 * chip, which are most of it: a figure to compare from commit to commit. The decoders stand alone.
 */
import assert from "node:assert/strict";
import { decodePulses, parseFrame } from "../../hal/sensors/dht22-frame.ts";
import { DS18B20 } from "../../hal/sensors/ds18b20.ts";
import { parseScratchpad } from "../../hal/sensors/ds18b20-memory.ts";
import { fromHex } from "../../protocol/encoding/hex.ts";
import { pinLineBench } from "../hal/onewire-bench.ts";
import { metered } from "./shims/meter.ts";

describe("the sensors on one pin, on XS", () => {
  it("measures with a DS18B20", async () => {
    const bench = pinLineBench();
    bench.probe({ celsius: 21.5 });
    const { bus, clock, timer, run } = bench;
    const sensor = new DS18B20({ sensor: { bus }, clock, timer });
    await metered("ds18b20: search, set-up and first measurement", () => run(sensor.measure()));
    const sample = await metered("ds18b20: one measurement", () => run(sensor.measure()));
    assert.deepEqual(sample, { temperature: 21.5 });
    const bytes = fromHex("f2004b467fff0c1069");
    const { celsius } = await metered("ds18b20: one scratchpad", () => parseScratchpad(bytes));
    assert.equal(celsius, 15.125);
  });

  it("decodes a DHT22", async () => {
    const bits = [...fromHex("028c806573")].flatMap((byte) =>
      Array.from({ length: 8 }, (_, i) => (byte >> (7 - i)) & 1),
    );
    const pulses = [30, 80, 80, ...bits.flatMap((bit) => [50, bit === 1 ? 70 : 26]), 50];
    const durations = Uint16Array.from(pulses);
    const reading = await metered("dht22: one capture", () => parseFrame(decodePulses(durations)));
    assert.deepEqual(reading, { celsius: -10.1, humidity: 65.2 });
  });
});

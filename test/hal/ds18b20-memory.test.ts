import assert from "node:assert/strict";
import fc from "fast-check";
import {
  configurationByte,
  formatAddress,
  parseAddress,
  parseScratchpad,
} from "../../hal/sensors/ds18b20-memory.ts";
import { crc8 } from "../../protocol/encoding/crc8.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import { code } from "./driver-bench.ts";

/** A scratchpad with that temperature register, the rest as it leaves the factory. */
function scratchpad(raw: number, configuration = 0x7f): Uint8Array {
  const bytes = [raw & 255, (raw >> 8) & 255, 0x4b, 0x46, configuration, 0xff, 0x0c, 0x10];
  return Uint8Array.from([...bytes, crc8(Uint8Array.from(bytes))]);
}

describe("the scratchpad of the DS18B20", () => {
  // Data sheet, table "Temperature/Data Relationship".
  for (const [raw, celsius] of [
    [0x07d0, 125],
    [0x0550, 85],
    [0x0191, 25.0625],
    [0x00a2, 10.125],
    [0x0008, 0.5],
    [0x0000, 0],
    [0xfff8, -0.5],
    [0xff5e, -10.125],
    [0xfe6f, -25.0625],
    [0xfc90, -55],
  ] as const) {
    it(`${raw.toString(16).padStart(4, "0")} is ${celsius} °C`, () => {
      assert.equal(parseScratchpad(scratchpad(raw)).celsius, celsius);
    });
  }

  for (const [hex, celsius, source] of [
    ["50054b467fff0c101c", 85, "raspberrypi.stackexchange.com/questions/65828"],
    ["f2004b467fff0c1069", 15.125, "a unit test in C++"],
    ["3a014b467fff0c10a5", 19.625, "a log of the Linux driver"],
    ["5e01ffff7fffffff52", 21.875, "raspberrypi.stackexchange.com/questions/48106"],
  ] as const) {
    it(`${hex} (${source}) is ${celsius} °C`, () => {
      assert.equal(parseScratchpad(fromHex(hex)).celsius, celsius);
    });
  }

  for (const [hex, wanted, what] of [
    ["6b014b467fff0c108b", "sensor-checksum", "an example made up on the web"],
    ["5e014b467fff0c10d8", "sensor-checksum", "another one"],
    ["ffffffffffffffffff", "sensor-absent", "a line that nobody pulls"],
    ["000000000000000000", "sensor-bus", "zeroes, whose CRC is right"],
    ["50054b467fff0c10", "sensor-checksum", "one byte too few"],
  ] as const) {
    it(`${what} is ${wanted}`, () => {
      assert.throws(() => parseScratchpad(fromHex(hex)), code(wanted));
    });
  }

  it("with a configuration that is none is sensor-wrong-chip", () => {
    for (const configuration of [0x00, 0xff, 0x9f, 0x60]) {
      const other = scratchpad(0x0191, configuration);
      assert.throws(() => parseScratchpad(other), code("sensor-wrong-chip"));
    }
  });

  it("below 12 bits the undefined bits do not count", () => {
    for (const [resolution, celsius] of [
      [9, -10.5],
      [10, -10.25],
      [11, -10.125],
      [12, -10.0625],
    ] as const) {
      const bytes = scratchpad(0xff5f, configurationByte(resolution));
      const { celsius: read, resolution: bits } = parseScratchpad(bytes);
      assert.deepEqual([read, bits], [celsius, resolution]);
    }
  });

  it("of any bytes is a temperature with a right CRC or a coded error", () => {
    const property = fc.property(fc.uint8Array({ minLength: 9, maxLength: 9 }), (bytes) => {
      const mended = bytes.slice();
      mended[8] = crc8(bytes.subarray(0, 8));
      for (const some of [bytes, mended]) {
        try {
          assert.ok(Math.abs(parseScratchpad(some).celsius) <= 2048);
          assert.equal(crc8(some), 0);
        } catch (error) {
          assert.ok(isLatchkeyError(error), String(error));
        }
      }
    });
    fc.assert(property, { numRuns: 300 });
  });
});

describe("the address of a DS18B20", () => {
  it("is written as ESPHome writes it, and read back", () => {
    const address = "0x9e0000000abc1228";
    const rom = parseAddress(address.replace("9e", crcOf("2812bc0a000000")));
    assert.equal(toHex(rom).slice(0, 14), "2812bc0a000000");
    assert.equal(formatAddress(rom), address.replace("9e", crcOf("2812bc0a000000")));
    assert.deepEqual(parseAddress(formatAddress(rom).toUpperCase().replace("0X", "0x")), rom);
  });

  it("of another shape is malformed", () => {
    for (const address of [
      "",
      "28-00000abc1228",
      "0x28",
      "1c0000031edd2a28",
      "0x1c0000031edd2a2g",
    ]) {
      assert.throws(() => parseAddress(address), code("malformed"), address);
    }
  });

  it("of zeroes is refused although their CRC is right", () => {
    assert.throws(() => parseAddress("0x0000000000000000"), code("sensor-wrong-chip"));
  });
});

function crcOf(hex: string): string {
  return crc8(fromHex(hex)).toString(16).padStart(2, "0");
}

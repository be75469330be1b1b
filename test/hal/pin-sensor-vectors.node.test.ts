/** The published vectors of the sensors on one pin, one test each, named by their id and source. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseFrame } from "../../hal/sensors/dht22-frame.ts";
import { parseScratchpad } from "../../hal/sensors/ds18b20-memory.ts";
import { crc8 } from "../../protocol/encoding/crc8.ts";
import { fromHex } from "../../protocol/encoding/hex.ts";
import { readVectors, vectorsFolder } from "../support/vectors.ts";
import { code } from "./driver-bench.ts";

interface Vector {
  readonly id: string;
  readonly device: string;
  readonly kind: string;
  readonly source: string;
  readonly input: { readonly bytes: string; readonly raw_be: string; readonly bits: number };
  readonly expect: {
    readonly celsius: number;
    readonly rh: number;
    readonly crc: string;
    readonly crc_ok: boolean;
    readonly checksum_ok: boolean;
  };
}

const CHECKS: Readonly<Record<string, (vector: Vector) => void>> = {
  raw_temperature({ input, expect }) {
    assert.equal(input.bits, 12);
    const [high, low] = fromHex(input.raw_be);
    const bytes = Uint8Array.of(low!, high!, 0x4b, 0x46, 0x7f, 0xff, 0x0c, 0x10);
    const whole = Uint8Array.of(...bytes, crc8(bytes));
    assert.equal(parseScratchpad(whole).celsius, expect.celsius);
  },
  crc8_maxim({ input, expect }) {
    assert.equal(crc8(fromHex(input.bytes)), Number.parseInt(expect.crc, 16));
  },
  scratchpad({ input, expect }) {
    const parse = () => parseScratchpad(fromHex(input.bytes));
    if (expect.crc_ok) assert.equal(parse().celsius, expect.celsius);
    else assert.throws(parse, code("sensor-checksum"));
  },
  dht22({ input, expect }) {
    const parse = () => parseFrame(fromHex(input.bytes));
    if (!expect.checksum_ok) assert.throws(parse, code("sensor-checksum"));
    else assert.deepEqual(parse(), { celsius: expect.celsius, humidity: expect.rh });
  },
};

const FILE = "nfc-sensor-vectors.json";
const path = join(vectorsFolder, FILE);
const all: readonly Vector[] = existsSync(path)
  ? JSON.parse(readFileSync(path, "utf8")).vectors
  : [];
const vectors = all.filter(({ device }) => device === "DS18B20" || device === "DHT22");

describe("published vectors of the DS18B20 and the DHT22", () => {
  it("are all there: 10 temperatures, 1 CRC, 11 scratchpads, 5 frames", function () {
    readVectors(this, FILE);
    const counts = Object.keys(CHECKS).map(
      (kind) => vectors.filter((vector) => vector.kind === kind).length,
    );
    assert.deepEqual(counts, [10, 1, 11, 5]);
    assert.equal(vectors.length, 27);
  });

  for (const vector of vectors) {
    it(`${vector.id} (${vector.source})`, () => CHECKS[vector.kind]!(vector));
  }
});

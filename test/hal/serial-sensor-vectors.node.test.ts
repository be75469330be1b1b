/** The published vectors of the serial sensors, one test each, named by their id and source. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { judgeAnswer } from "../../hal/sensors/modbus-answer.ts";
import { parseGga } from "../../hal/sensors/nmea/gga.ts";
import { ReceiverStream } from "../../hal/sensors/nmea/receiver-stream.ts";
import { parseRmc } from "../../hal/sensors/nmea/rmc.ts";
import { parseSentence } from "../../hal/sensors/nmea/sentence.ts";
import { parsePzemRegisters } from "../../hal/sensors/pzem-registers.ts";
import { withCrc16Modbus } from "../../protocol/encoding/crc16-modbus.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { readVectors, vectorsFolder } from "../support/vectors.ts";

interface Vector {
  readonly id: string;
  readonly kind: string;
  readonly source: string;
  readonly input: { readonly bytes?: string; readonly sentence?: string };
  readonly expect: Readonly<Record<string, number | string | boolean>>;
}

const FILE = "nfc-sensor-vectors.json";
const path = join(vectorsFolder, FILE);
const { vectors = [] } = existsSync(path)
  ? (JSON.parse(readFileSync(path, "utf8")) as { readonly vectors: readonly Vector[] })
  : {};

function runNmea({ input, expect }: Vector): void {
  const texts: string[] = [];
  const stream = new ReceiverStream((frame) => {
    assert.equal(frame.kind, "nmea");
    if (frame.kind === "nmea") texts.push(frame.text);
  });
  stream.push(toUtf8(`${input.sentence}\r\n`));
  assert.equal(texts.length, 1);
  const sentence = parseSentence(texts[0]!)!;
  const gga = parseGga(sentence);
  const { latitude, longitude } = gga ?? parseRmc(sentence) ?? {};
  const near = (value: number | undefined, name: string) => {
    if (expect[name] === undefined) return;
    assert.ok(Math.abs(value! - Number(expect[name])) < 1e-8, `${name}: ${value}`);
  };
  near(latitude, "lat");
  near(longitude, "lon");
  near(gga?.altitude, "alt");
  near(gga?.satellites, "sats");
}

function runPzem({ input, expect }: Vector): void {
  const frame = fromHex(input.bytes!);
  const request = withCrc16Modbus(Uint8Array.of(frame[0]!, 4, 0, 0, 0, 10));
  const asked = { request, answerBytes: 25, anyAddress: false };
  const answer = judgeAnswer(asked, frame);
  assert.equal(answer.kind, "data");
  const sample = parsePzemRegisters(frame.subarray(3, -2));
  assert.deepEqual(sample, {
    voltage: expect["v"],
    current: expect["a"],
    power: expect["w"],
    energy: expect["wh"],
    frequency: expect["hz"],
    powerFactor: expect["pf"],
    alarmStatus: expect["alarm"] !== 0,
  });
}

const RUN: Readonly<Record<string, (vector: Vector) => void>> = {
  nmea: runNmea,
  pzem_response: runPzem,
  modbus_crc: ({ input, expect }) => {
    const sent = withCrc16Modbus(fromHex(input.bytes!));
    assert.equal(toHex(sent), `${input.bytes}${expect["crc"]}`);
  },
};

const COUNTS = { modbus_crc: 2, nmea: 13, pzem_response: 4 };

describe("Published vectors of the serial sensors", () => {
  it("are all there", function () {
    readVectors(this, FILE);
    const counts: Record<string, number> = {};
    for (const { kind } of vectors) if (kind in RUN) counts[kind] = (counts[kind] ?? 0) + 1;
    assert.deepEqual(counts, COUNTS);
  });

  for (const vector of vectors.filter(({ kind }) => kind in RUN)) {
    it(`${vector.id} (${vector.source})`, () => RUN[vector.kind]!(vector));
  }
});

/** What a second of a receiver and one reading of a meter cost on XS. */
import assert from "node:assert/strict";
import { judgeAnswer } from "../../hal/sensors/modbus-answer.ts";
import { type Fix, FixBuilder } from "../../hal/sensors/nmea/fix-builder.ts";
import { ReceiverStream } from "../../hal/sensors/nmea/receiver-stream.ts";
import { parseSentence } from "../../hal/sensors/nmea/sentence.ts";
import { PZEM004T } from "../../hal/sensors/pzem-004t.ts";
import { parsePzemRegisters } from "../../hal/sensors/pzem-registers.ts";
import { Pzem004tModel } from "../../host-sim/chips/pzem-004t-model.ts";
import { PzemLine } from "../../host-sim/chips/pzem-line.ts";
import { fromHex } from "../../protocol/encoding/hex.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { serialBench } from "../hal/serial-bench.ts";
import { metered } from "./shims/meter.ts";

const SECOND =
  "$GPRMC,153201.00,A,4717.11399,N,00833.91590,E,0.004,77.52,051125,,,A*51\r\n" +
  "$GPGGA,153201.00,4717.11399,N,00833.91590,E,1,08,1.01,499.6,M,48.0,M,,*54\r\n";

describe("metering of the serial sensors on XS", () => {
  it("makes a position of a second's GGA and RMC", async () => {
    let moments = 0;
    const fixes: Fix[] = [];
    const builder = new FixBuilder({
      notBefore: 0,
      onFix: (fix) => fixes.push(fix),
      onNoFix: () => moments++,
    });
    const stream = new ReceiverStream((frame) => {
      const sentence = frame.kind === "nmea" ? parseSentence(frame.text) : undefined;
      if (sentence !== undefined) builder.push(sentence);
    });
    const bytes = toUtf8(SECOND);
    await metered("gps second, GGA and RMC", () => stream.push(bytes));
    stream.push(toUtf8("$GPGSA,A,3,03,06,11,14,16,18,19,22,,,,,1.94,1.01,1.66*09\r\n"));
    assert.equal(fixes.length, 1);
    assert.equal(moments, 0);
  });

  it("reads a meter's answer", async () => {
    const request = fromHex("f8040000000a6464");
    const received = fromHex("f8041408ae28c30000596e0000936f002101f40063000094c9");
    const sample = await metered("pzem answer", () => {
      const answer = judgeAnswer({ request, answerBytes: 25, anyAddress: true }, received);
      assert.equal(answer.kind, "data");
      return answer.kind === "data" ? parsePzemRegisters(answer.frame.subarray(3, -2)) : undefined;
    });
    assert.equal(sample?.power, 2289.4);
  });

  it("takes a whole reading, with the simulated meter", async () => {
    const { world, line, clock, timer, sensor, run, pass } = serialBench();
    new PzemLine(world, line).attach(new Pzem004tModel(world));
    const meter = new PZEM004T({ sensor, clock, timer });
    await pass(1000);
    const sample = await metered("pzem read, simulation included", () => run(meter.measure()));
    assert.equal(sample.voltage, 230);
  });
});

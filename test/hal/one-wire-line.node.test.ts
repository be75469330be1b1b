/** one-wire-line.c, compiled for the desk, with the program that it starts on a simulated bus. */
import assert from "node:assert/strict";
import { oneWireWords } from "../../hal/native/one-wire-words.ts";
import { DS18B20 } from "../../hal/sensors/ds18b20.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import type { AskedProgram } from "../support/asked-program.ts";
import { needCompiler } from "../support/native-driver.ts";
import { compileOneWire, cPort, restart } from "./c-one-wire.ts";
import { pinLineBench } from "./onewire-bench.ts";
import { oneWireSuite } from "./onewire-suite.ts";

describe("1-Wire by the C of the image, on a model of the PIO's registers", () => {
  let c: AskedProgram;

  before(function () {
    needCompiler(this);
    c = compileOneWire();
  });
  after(() => c?.close());
  afterEach(() => {
    restart(c);
    // What is left is the radio's.
    assert.equal(c.ask("claimed"), "1 6");
  });

  oneWireSuite(() => pinLineBench("c", cPort(c)));

  it("measures with a probe that finds nothing to complain of", async () => {
    const bench = pinLineBench("c", cPort(c));
    const probe = bench.probe({ celsius: 85 });
    const { bus, clock, timer } = bench;
    const sensor = new DS18B20({ sensor: { bus }, clock, timer });
    assert.deepEqual(await bench.run(sensor.measure()), { temperature: 85 });
    assert.deepEqual(probe.violations, []);
  });

  it("has three lines beside the radio, and gives back what is closed", () => {
    assert.deepEqual(
      [2, 3, 4, 5].map((pin) => c.ask(`open ${pin}`)),
      ["0", "1", "2", "-1"],
    );
    assert.equal(c.ask("claimed"), `4 ${6 + 22}`);
    assert.equal(c.ask("close 1"), "3");
    assert.equal(c.ask("reset 1"), "no such line");
    assert.equal(c.ask("open 5"), "1");
    assert.equal(c.ask("reset 1"), "0 5");
    // Anew, in the middle.
    assert.equal(c.ask("reset 1"), "0 5");
  });

  it("starts with the words of slots, and with no others", () => {
    assert.equal(c.ask("open 22"), "0");
    const slots = (bytes: Uint8Array) => c.ask(`slots 0 ${toHex(bytes)}`);
    for (let count = 1; count <= 96; count++) {
      const words = oneWireWords(new Uint8Array(count));
      const bytes = new Uint8Array(words.buffer);
      assert.equal(slots(bytes), `11 22 ${[...words].join(" ")}`);
      assert.equal(slots(bytes.subarray(0, bytes.length - 1)), "refused");
      assert.equal(slots(bytes.subarray(0, bytes.length - 4)), "refused");
      assert.equal(slots(Uint8Array.of(...bytes, 0, 0, 0, 0)), "refused");
    }
    for (const wrong of [[], [0], [96, 0, 0, 0], [0xffff_ffff, 0], [31, 0, 0], [0xffff_ffe0, 0]])
      assert.equal(slots(new Uint8Array(Uint32Array.from(wrong).buffer)), "refused", `${wrong}`);
  });
});

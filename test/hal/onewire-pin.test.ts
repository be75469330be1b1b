import assert from "node:assert/strict";
import type { OneWirePort } from "../../hal/one-wire-port.ts";
import { OneWire } from "../../hal/sensors/onewire.ts";
import { OneWirePin } from "../../hal/sensors/onewire-pin.ts";
import { crc8 } from "../../protocol/encoding/crc8.ts";
import { fromHex } from "../../protocol/encoding/hex.ts";
import { code } from "./driver-bench.ts";
import { ONE_WIRE_PIN, pinLineBench } from "./onewire-bench.ts";
import { addresses, oneWireSuite } from "./onewire-suite.ts";

describe("the CRC of 1-Wire", () => {
  it("is that of Maxim's application note 27", () => {
    assert.equal(crc8(fromHex("021cb801000000")), 0xa2);
    assert.equal(crc8(fromHex("021cb801000000a2")), 0);
  });
});

describe("1-Wire on a pin", () => {
  oneWireSuite(() => pinLineBench());

  it("hears every presence pulse that the data sheet allows", async () => {
    for (const presenceDelayUs of [15, 60])
      for (const presenceUs of [60, 240]) {
        const bench = pinLineBench();
        const { address } = bench.probe({ times: { presenceDelayUs, presenceUs } });
        assert.deepEqual(await addresses(bench), [address]);
      }
  });

  it("tells a bus without its resistor, and one that is shorted to the supply", async () => {
    const bench = pinLineBench();
    bench.probe();
    bench.pin.pull("resistor", "none");
    await assert.rejects(bench.run(bench.line.reset()), /missing pull-up/);
    bench.pin.pull("resistor", "up");
    const stiff = pinLineBench("stiff", () => portOf(Uint8Array.of(1), Uint8Array.of(1)));
    await assert.rejects(stiff.run(stiff.line.slots(Uint8Array.of(0))), /short to 3V3/);
  });

  it("a line that somebody holds in a slot is sensor-bus at once", async () => {
    const bench = pinLineBench();
    bench.probe();
    await bench.run(bench.line.reset());
    bench.world.after(500, () => bench.short(true));
    const startUs = bench.world.nowUs();
    await assert.rejects(bench.run(bench.line.slots(new Uint8Array(90).fill(1))), /stays low/);
    assert.ok(bench.world.nowUs() - startUs < 2_000);
  });

  it("plays more slots than a port takes at once, in order", async () => {
    const bench = pinLineBench();
    const bits = Uint8Array.from({ length: 250 }, (_, i) => (i % 3 === 0 || i > 200 ? 1 : 0));
    assert.deepEqual(await bench.run(bench.line.slots(bits)), bits);
  });

  it("a port that never ends is sensor-timeout within its limit", async () => {
    const bench = pinLineBench("dead", () => portOf());
    await assert.rejects(bench.run(bench.line.reset(), 300), code("sensor-timeout"));
  });

  it("waits for what is played while the program is busy", async () => {
    const bench = pinLineBench();
    const { address } = bench.probe();
    // A signature: the program comes to look long after its limit.
    bench.world.task(20_000, () => bench.world.advance(400_000));
    assert.deepEqual(await addresses(bench), [address]);
    assert.ok(bench.world.nowUs() > 400_000);
  });

  it("a pin that cannot be opened is sensor-bus, one that was closed is cancelled", async () => {
    const bench = pinLineBench();
    const { clock, timer, port } = bench;
    const open = () => new OneWirePin({ port, clock, timer });
    assert.throws(open, code("sensor-bus"));
    const pending = bench.bus.search();
    bench.bus.close();
    await assert.rejects(bench.run(pending), code("cancelled"));
    await assert.rejects(bench.run(bench.bus.search()), code("cancelled"));
    bench.bus.close();
    const again = new OneWire(open());
    assert.deepEqual(await bench.run(again.search()), []);
    assert.equal(bench.pins.pin(ONE_WIRE_PIN).owner, "one-wire-port");
  });
});

/** A port that gives these levels, one after the other, and then nothing. */
function portOf(...levels: readonly Uint8Array[]) {
  const left = [...levels];
  return class implements OneWirePort {
    reset(): void {}
    write(): void {}
    read(): Uint8Array | undefined {
      return left.shift();
    }
    close(): void {}
  };
}

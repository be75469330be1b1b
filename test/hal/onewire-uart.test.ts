import assert from "node:assert/strict";
import { OneWire } from "../../hal/sensors/onewire.ts";
import { OneWireUart } from "../../hal/sensors/onewire-uart.ts";
import { code } from "./driver-bench.ts";
import { uartBench } from "./onewire-bench.ts";
import { addresses, oneWireSuite } from "./onewire-suite.ts";

describe("1-Wire over a UART", () => {
  oneWireSuite(uartBench);

  it("misses a presence pulse that is late and short at once, as documented", async () => {
    const bench = uartBench();
    bench.probe({ times: { presenceDelayUs: 55, presenceUs: 65 } });
    await assert.rejects(bench.run(bench.line.reset()), code("sensor-absent"));
  });

  it("takes the echo of an announcing device for what it is: nothing that was asked for", async () => {
    const bench = uartBench();
    const probe = bench.probe();
    await bench.pass(10);
    probe.losePower();
    await bench.pass(10);
    assert.deepEqual(await addresses(bench), [probe.address]);
  });

  it("a receiver that hears nothing is sensor-bus within its limit", async () => {
    const bench = uartBench();
    bench.probe();
    bench.bridge.garble = () => [];
    await assert.rejects(bench.run(bench.line.reset(), 300), /did not come back/);
    await assert.rejects(bench.run(bench.line.slots(new Uint8Array(200)), 300), code("sensor-bus"));
  });

  it("an echo that is not what was sent is sensor-bus", async () => {
    for (const flip of [0x01, 0x04, 0x80]) {
      const bench = uartBench();
      bench.probe();
      await bench.run(bench.line.reset());
      bench.bridge.garble = (byte) => [byte ^ flip];
      await assert.rejects(bench.run(bench.line.slots(Uint8Array.of(0))), code("sensor-bus"));
    }
    const bench = uartBench();
    bench.bridge.garble = (byte) => [byte ^ 0x02];
    await assert.rejects(bench.run(bench.line.reset()), code("sensor-bus"));
  });

  it("an echo that is still on its way after a failure is not the next answer", async () => {
    const bench = uartBench();
    bench.probe();
    let bytes = 0;
    bench.bridge.garble = (byte) => [bytes++ === 0 ? byte ^ 0x02 : byte];
    // A spike between the two resets, which the receiver takes for a byte.
    bench.world.after(2_900, () => bench.wire.drive("noise", "low"));
    bench.world.after(2_902, () => bench.wire.drive("noise", "none"));
    await assert.rejects(bench.run(bench.line.reset()), code("sensor-bus"));
    await bench.run(bench.line.reset());
    assert.equal(bytes, 3);
  });

  it("more bytes than were sent are sensor-bus", async () => {
    const bench = uartBench();
    bench.probe();
    bench.bridge.garble = (byte) => [byte, byte];
    await assert.rejects(bench.run(bench.bus.search()), code("sensor-bus"));
  });

  it("a port that is closed, or throws, is a coded error", async () => {
    const bench = uartBench();
    bench.bus.close();
    await assert.rejects(bench.run(bench.bus.search()), code("cancelled"));
    const { clock, timer } = bench;
    for (const fault of ["open", "read", "write"] as const) {
      let opened = 0;
      const fail = (what: string) => {
        if (what === fault) throw new Error("unplugged");
      };
      const io = class {
        constructor(options: { onWritable?: (count: number) => void }) {
          // The first time all is well: the speed changes only with the first slot.
          if (opened++ > 0) fail("open");
          options.onWritable?.(100);
        }
        read() {
          fail("read");
          return Uint8Array.of(0xe0).buffer;
        }
        write = () => fail("write");
        close = () => undefined;
      };
      const line = new OneWireUart({ serial: { io: io as never }, clock, timer });
      const bus = new OneWire(line);
      await assert.rejects(bench.run(bus.search()), code("serial-lost"), fault);
      await assert.rejects(bench.run(bus.search()), code("serial-lost"), fault);
    }
    const io = class {
      constructor() {
        throw new Error("invalid pin");
      }
    };
    const serial = { io: io as never };
    assert.throws(() => new OneWireUart({ serial, clock, timer }), code("serial-lost"));
  });
});

import assert from "node:assert/strict";
import { formatAddress } from "../../hal/sensors/ds18b20-memory.ts";
import { OneWire } from "../../hal/sensors/onewire.ts";
import { OneWireUart } from "../../hal/sensors/onewire-uart.ts";
import { crc8 } from "../../protocol/encoding/crc8.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import type { LatchkeyError } from "../../protocol/errors.ts";
import { code } from "./driver-bench.ts";
import { oneWireBench } from "./onewire-bench.ts";

const READ_ROM = 0x33;

/** The addresses that a search finds, sorted. */
async function addresses({ run, bus }: ReturnType<typeof oneWireBench>): Promise<string[]> {
  return (await run(bus.search())).map(formatAddress).sort();
}

describe("the CRC of 1-Wire", () => {
  it("is that of Maxim's application note 27", () => {
    assert.equal(crc8(fromHex("021cb801000000")), 0xa2);
    assert.equal(crc8(fromHex("021cb801000000a2")), 0);
  });
});

describe("1-Wire over a UART", () => {
  it("reads the serial number of the only device in slots that the data sheet allows", async () => {
    const bench = oneWireBench();
    const probe = bench.probe();
    const rom = await bench.run(
      bench.bus.exclusive(async () => {
        await bench.line.reset();
        await bench.bus.write([READ_ROM]);
        return bench.bus.read(8);
      }),
    );
    assert.equal(toHex(rom), toHex(probe.rom));
    assert.deepEqual(probe.violations, []);
    // A reset, 8 + 64 slots, and the ways through the port.
    assert.ok(bench.world.nowUs() < 20_000, `${bench.world.nowUs()} µs`);
  });

  it("finds every device in a search, wherever their serial numbers part", async () => {
    const bench = oneWireBench();
    // The first and the last bit differ, neighbours, a pair that shares all but the top bit.
    const serials = [
      "010000000000",
      "000000000080",
      "000000000000",
      "010000000080",
      "ffffffffffff",
    ];
    for (const serial of serials) bench.probe({ serial: fromHex(serial) });
    for (let more = 0; more < 5; more++) bench.probe();
    const found = await addresses(bench);
    assert.deepEqual(found, bench.probes.map(({ address }) => address).sort());
    assert.deepEqual(
      bench.probes.flatMap(({ violations }) => violations),
      [],
    );
  });

  it("finds nobody on an empty bus, and says so of a reset", async () => {
    const bench = oneWireBench();
    assert.deepEqual(await addresses(bench), []);
    await assert.rejects(bench.run(bench.line.reset()), code("sensor-absent"));
  });

  it("works with the slowest and the fastest device of the data sheet", async () => {
    for (const times of [
      { presenceDelayUs: 15, presenceUs: 60, sampleUs: 15, holdUs: 15 },
      { presenceDelayUs: 60, presenceUs: 240, sampleUs: 60, holdUs: 60 },
    ]) {
      const bench = oneWireBench();
      const { address } = bench.probe({ times });
      assert.deepEqual(await addresses(bench), [address]);
    }
  });

  it("misses a presence pulse that is late and short at once, as documented", async () => {
    const bench = oneWireBench();
    bench.probe({ times: { presenceDelayUs: 55, presenceUs: 65 } });
    await assert.rejects(bench.run(bench.line.reset()), code("sensor-absent"));
  });

  it("takes the echo of an announcing device for what it is: nothing that was asked for", async () => {
    const bench = oneWireBench();
    const probe = bench.probe();
    await bench.pass(10);
    probe.losePower();
    await bench.pass(10);
    assert.deepEqual(await addresses(bench), [probe.address]);
  });

  it("a line that stays low is sensor-bus", async () => {
    const bench = oneWireBench();
    bench.probe();
    bench.wire.short(true);
    await assert.rejects(bench.run(bench.line.reset()), code("sensor-bus"));
    await assert.rejects(bench.run(bench.bus.search()), code("sensor-bus"));
    bench.wire.short(false);
    await bench.pass(10); // the devices take the end of the short for a reset
    assert.equal((await addresses(bench)).length, 1);
  });

  it("a short in the middle of a search is sensor-bus, and the bus is free for others", async () => {
    const bench = oneWireBench();
    bench.probe();
    bench.world.after(30_000, () => bench.wire.short(true));
    await assert.rejects(bench.run(bench.bus.search()), code("sensor-bus"));
    bench.wire.short(false);
    await bench.pass(10); // the devices take the end of the short for a reset
    assert.equal((await addresses(bench)).length, 1);
  });

  it("a receiver that hears nothing is sensor-bus within its limit", async () => {
    const bench = oneWireBench();
    bench.probe();
    bench.bridge.garble = () => [];
    await assert.rejects(bench.run(bench.line.reset(), 300), /did not come back/);
    await assert.rejects(bench.run(bench.line.slots(new Uint8Array(200)), 300), code("sensor-bus"));
  });

  it("an echo that is not what was sent is sensor-bus", async () => {
    for (const flip of [0x01, 0x04, 0x80]) {
      const bench = oneWireBench();
      bench.probe();
      await bench.run(bench.line.reset());
      bench.bridge.garble = (byte) => [byte ^ flip];
      await assert.rejects(bench.run(bench.line.slots(Uint8Array.of(0))), code("sensor-bus"));
    }
    const bench = oneWireBench();
    bench.bridge.garble = (byte) => [byte ^ 0x02];
    await assert.rejects(bench.run(bench.line.reset()), code("sensor-bus"));
  });

  it("an echo that is still on its way after a failure is not the next answer", async () => {
    const bench = oneWireBench();
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
    const bench = oneWireBench();
    bench.probe();
    bench.bridge.garble = (byte) => [byte, byte];
    await assert.rejects(bench.run(bench.bus.search()), code("sensor-bus"));
  });

  for (const atMs of [1, 20, 40, 60, 75]) {
    it(`a device that goes ${atMs} ms into a search leaves no copy of another`, async () => {
      const bench = oneWireBench();
      const first = bench.probe({ serial: fromHex("000000000001") });
      const second = bench.probe({ serial: fromHex("000000000003") });
      bench.world.after(atMs * 1000, () => second.powerOff());
      const found = await bench.run(
        bench.bus.search().then(
          (roms) => roms.map(formatAddress),
          (error: LatchkeyError) => error.code,
        ),
      );
      const fits = [[first.address], [first.address, second.address], "sensor-bus"];
      assert.ok(
        fits.some((fit) => String(fit) === String(found)),
        String(found),
      );
    });
  }

  it("a damaged serial number is sensor-checksum", async () => {
    const bench = oneWireBench();
    const { rom } = bench.probe();
    rom[7]! ^= 0x10;
    await assert.rejects(bench.run(bench.bus.search()), code("sensor-checksum"));
  });

  it("runs what is exclusive one after the other, also past a failure", async () => {
    const bench = oneWireBench();
    bench.probe();
    const order: string[] = [];
    const work = (name: string, fails: boolean) =>
      bench.bus.exclusive(async () => {
        order.push(`${name} begins`);
        await bench.line.reset();
        order.push(`${name} ends`);
        if (fails) throw new Error(name);
      });
    const first = assert.rejects(work("a", true));
    await bench.run(Promise.all([first, work("b", false)]));
    assert.deepEqual(order, ["a begins", "a ends", "b begins", "b ends"]);
  });

  it("a port that is closed, or throws, is a coded error", async () => {
    const bench = oneWireBench();
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

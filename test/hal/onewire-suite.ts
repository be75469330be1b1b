import assert from "node:assert/strict";
import { formatAddress } from "../../hal/sensors/ds18b20-memory.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import type { LatchkeyError } from "../../protocol/errors.ts";
import { code } from "./driver-bench.ts";
import type { OneWireBench } from "./onewire-bench.ts";

const READ_ROM = 0x33;

/** The addresses that a search finds, sorted. */
export async function addresses({ run, bus }: OneWireBench): Promise<string[]> {
  return (await run(bus.search())).map(formatAddress).sort();
}

/** What holds for a 1-Wire bus whatever makes its pulses. */
export function oneWireSuite(make: () => OneWireBench): void {
  it("reads the serial number of the only device in slots that the data sheet allows", async () => {
    const bench = make();
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
    const bench = make();
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
    const bench = make();
    assert.deepEqual(await addresses(bench), []);
    await assert.rejects(bench.run(bench.line.reset()), code("sensor-absent"));
  });

  it("works with the slowest and the fastest device of the data sheet", async () => {
    for (const times of [
      { presenceDelayUs: 15, presenceUs: 60, sampleUs: 15, holdUs: 15 },
      { presenceDelayUs: 60, presenceUs: 240, sampleUs: 60, holdUs: 60 },
    ]) {
      const bench = make();
      const { address } = bench.probe({ times });
      assert.deepEqual(await addresses(bench), [address]);
    }
  });

  it("a line that stays low is sensor-bus", async () => {
    const bench = make();
    bench.probe();
    bench.short(true);
    await assert.rejects(bench.run(bench.line.reset()), code("sensor-bus"));
    await assert.rejects(bench.run(bench.bus.search()), code("sensor-bus"));
    bench.short(false);
    await bench.pass(10); // the devices take the end of the short for a reset
    assert.equal((await addresses(bench)).length, 1);
  });

  it("a short in the middle of a search is sensor-bus, and the bus is free for others", async () => {
    const bench = make();
    bench.probe();
    bench.world.after(30_000, () => bench.short(true));
    await assert.rejects(bench.run(bench.bus.search()), code("sensor-bus"));
    bench.short(false);
    await bench.pass(10); // the devices take the end of the short for a reset
    assert.equal((await addresses(bench)).length, 1);
  });

  for (const atMs of [1, 20, 40, 60, 75]) {
    it(`a device that goes ${atMs} ms into a search leaves no copy of another`, async () => {
      const bench = make();
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
    const bench = make();
    const { rom } = bench.probe();
    rom[7]! ^= 0x10;
    await assert.rejects(bench.run(bench.bus.search()), code("sensor-checksum"));
  });

  it("runs what is exclusive one after the other, also past a failure", async () => {
    const bench = make();
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
}

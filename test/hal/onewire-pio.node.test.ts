/** `one-wire.pio` and what the image makes of it, beside the simulated port and the data sheet. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { chipOneWire } from "../../firmware/platform/moddable/chip-one-wire.ts";
import type { NativeOneWire } from "../../hal/native/natives.ts";
import { oneWireLevels, oneWireWords } from "../../hal/native/one-wire-words.ts";
import { DS18B20 } from "../../hal/sensors/ds18b20.ts";
import { OneWire } from "../../hal/sensors/onewire.ts";
import { OneWirePin } from "../../hal/sensors/onewire-pin.ts";
import { boardIo } from "../../host-sim/board/io.ts";
import { code } from "./driver-bench.ts";
import { ONE_WIRE_PIN, pinLineBench } from "./onewire-bench.ts";
import { addresses, oneWireSuite } from "./onewire-suite.ts";
import { ONE_WIRE_PIO, pioPort } from "./pio-one-wire.ts";

const ways = ["pio", "twin"] as const;
type Way = (typeof ways)[number];

const benchOf = (way: Way) => pinLineBench("pio", way === "pio" ? pioPort : undefined);

interface Disturbance {
  /** After the first fall; never a whole µs, where a look and an edge would be a tie. */
  readonly atUs: number;
  readonly lowUs: number;
}

/** What a port does with the line, and makes of it: `undefined` bits are a reset. */
async function play(way: Way, bits: Uint8Array | undefined, others: readonly Disturbance[] = []) {
  const bench = pinLineBench("play", way === "pio" ? pioPort : undefined);
  const { world, pin, pass } = bench;
  bench.bus.close();
  const port = new bench.port.io({ pin: ONE_WIRE_PIN });
  const edges: { level: number; us: number }[] = [];
  let startUs: number | undefined;
  pin.onEdge((level, timeUs) => {
    if (startUs === undefined) {
      startUs = timeUs;
      others.forEach(({ atUs, lowUs }, i) => {
        world.after(atUs, () => pin.drive(`other ${i}`, "low"));
        world.after(atUs + lowUs, () => pin.drive(`other ${i}`, "none"));
      });
    }
    edges.push({ level, us: timeUs - startUs });
  });
  if (bits === undefined) port.reset();
  else port.write(bits);
  assert.equal(port.read(), undefined);
  await pass(20);
  const levels = port.read();
  assert.equal(port.read(), undefined);
  assert.ok(levels !== undefined);
  return { levels: [...levels], edges };
}

/** How long the line was low, and from each fall to the next. */
function times({ edges }: Awaited<ReturnType<typeof play>>) {
  const falls = edges.filter(({ level }) => level === 0).map(({ us }) => us);
  const rises = edges.filter(({ level }) => level === 1).map(({ us }) => us);
  return {
    lowUs: rises.map((us, i) => us - falls[i]!),
    slotUs: falls.slice(1).map((us, i) => us - falls[i]!),
    highUs: falls.slice(1).map((us, i) => us - rises[i]!),
  };
}

/** The whole µs, from `from` on, at which something begins or ceases to be heard. */
async function turnUs(from: number, hears: (us: number) => Promise<boolean>) {
  const first = await hears(from + 0.5);
  for (let us = from + 1; us < from + 200; us++) if ((await hears(us + 0.5)) !== first) return us;
  return assert.fail("nothing changes");
}

for (const way of ways) {
  describe(`1-Wire on a pin by ${way}, against the limits of the DS18B20 data sheet`, () => {
    it("holds a reset for 480 µs at least, and not for so long that a chip loses power", async () => {
      const { lowUs } = times(await play(way, undefined));
      assert.equal(lowUs.length, 1);
      assert.ok(lowUs[0]! >= 480 && lowUs[0]! < 960, `${lowUs}`);
    });

    it("looks for presence when the earliest and the latest pulse are both there", async () => {
      const { lowUs } = times(await play(way, undefined));
      const heard = (atUs: number, us: number) => async () => {
        const pulse = { atUs: lowUs[0]! + atUs, lowUs: us };
        return (await play(way, undefined, [pulse])).levels[1] === 0;
      };
      // Begins after 15 to 60 µs, lasts for 60 to 240.
      for (const [atUs, us] of [
        [15, 60],
        [15, 240],
        [60, 60],
        [60, 240],
      ] as const)
        assert.equal(await heard(atUs + 0.2, us - 0.4)(), true, `${atUs} ${us}`);
      const begin = await turnUs(60, (us) => heard(us, 60)());
      const end = await turnUs(60, (us) => heard(20, us - 20)());
      assert.deepEqual([begin, end], [70, 70]);
    });

    it("leaves the devices 480 µs behind a reset before it says what it heard", async () => {
      const { lowUs } = times(await play(way, undefined));
      const holds = async (us: number) => {
        const { levels } = await play(way, undefined, [{ atUs: lowUs[0]! + 300, lowUs: us - 300 }]);
        return levels[2] === 0;
      };
      assert.ok((await turnUs(400, holds)) >= 480);
    });

    it("plays ones of 1 to 15 µs, zeroes of 60 to 120, slots of 60 to 120, with recovery", async () => {
      const bits = Uint8Array.of(1, 0, 0, 1, 1, 0, 1);
      const played = await play(way, bits);
      assert.deepEqual(played.levels, [...bits]);
      const { lowUs, slotUs, highUs } = times(played);
      assert.equal(lowUs.length, bits.length);
      lowUs.forEach((us, i) => {
        const [min, max] = bits[i] === 1 ? [1, 15] : [60, 120];
        assert.ok(us >= min && us <= max, `bit ${i}: ${us} µs`);
      });
      assert.ok(slotUs.every((us) => us >= 60 && us <= 120));
      assert.ok(highUs.every((us) => us >= 1));
      // In µs: what the comment in the program says.
      assert.deepEqual([...new Set(lowUs)].sort(), [6, 65]);
      assert.deepEqual([...new Set(slotUs)], [77]);
    });

    it("looks at an answer before it ends after 15 µs, with time for a slow edge", async () => {
      const heard = async (us: number) =>
        (await play(way, Uint8Array.of(1), [{ atUs: 0.5, lowUs: us - 0.5 }])).levels[0] === 0;
      const us = await turnUs(7, heard);
      assert.ok(us < 15 && us >= 6 + 5, `${us}`);
    });

    it("ends when somebody holds the line past a slot, and gives no levels", async () => {
      for (const count of [1, 31, 32, 33, 64, 96]) {
        const bits = new Uint8Array(count).fill(1);
        const hold = { atUs: (count - 1) * 77 + 3.5, lowUs: 10_000 };
        const { levels, edges } = await play(way, bits, [hold]);
        assert.deepEqual(levels, [], `${count}`);
        assert.equal(edges.length, 2 * count);
      }
    });

    it("measures with a probe that finds nothing to complain of", async () => {
      const bench = benchOf(way);
      const probe = bench.probe({ celsius: -10.15 });
      const { bus, clock, timer } = bench;
      const sensor = new DS18B20({ sensor: { bus }, clock, timer });
      assert.deepEqual(await bench.run(sensor.measure()), { temperature: -10.1875 });
      assert.deepEqual(probe.violations, []);
    });
  });
}

describe("1-Wire by a state machine of the PIO", () => {
  oneWireSuite(() => benchOf("pio"));

  it("says the same as the simulated port, with the same edges, whatever others do", () =>
    fc.assert(
      fc.asyncProperty(
        fc.option(fc.uint8Array({ max: 1, minLength: 1, maxLength: 96 }), { nil: undefined }),
        fc.array(fc.record({ at: fc.nat(3_000), low: fc.integer({ min: 1, max: 300 }) }), {
          maxLength: 5,
        }),
        async (bits, others) => {
          const low = others.map(({ at, low }) => ({ atUs: at + 0.5, lowUs: low }));
          assert.deepEqual(await play("pio", bits, low), await play("twin", bits, low));
        },
      ),
      { numRuns: 200, seed: 7 },
    ));

  it("fits a PIO block beside the six instructions that the radio has in one", () => {
    const instructions = ONE_WIRE_PIO.match(/^\t\w/gm) ?? [];
    assert.ok(instructions.length > 20 && instructions.length <= 26, `${instructions.length}`);
  });

  it("starts anew in the middle of a slot, with the line let go", async () => {
    for (const way of ways) {
      const bench = benchOf(way);
      const { address } = bench.probe();
      bench.bus.close();
      const port = new bench.port.io({ pin: ONE_WIRE_PIN });
      port.write(new Uint8Array(96));
      await bench.pass(2.03);
      assert.equal(bench.pin.level, 0);
      port.reset();
      await bench.pass(5);
      assert.deepEqual(port.read(), Uint8Array.of(1, 0, 1));
      port.write(new Uint8Array(3));
      await bench.pass(0.02);
      port.close();
      assert.equal(bench.pin.level, 1);
      await bench.pass(5);
      const { clock, timer } = bench;
      const bus = new OneWire(new OneWirePin({ port: bench.port, clock, timer }));
      assert.deepEqual(await addresses({ ...bench, bus }), [address]);
    }
  });
});

describe("the words of the PIO program", () => {
  it("are the count less one, and a one for each zero, the first slot lowest", () => {
    assert.deepEqual([...oneWireWords(Uint8Array.of(0, 1, 1, 0))], [3, 0b1001]);
    const long = new Uint8Array(33).fill(1);
    long[31] = long[32] = 0;
    assert.deepEqual([...oneWireWords(long)], [32, 0x8000_0000, 1]);
  });

  it("come back with the newest look lowest, 32 to a word and the rest in the last", () => {
    const levels = (words: readonly number[], count: number) => [
      ...oneWireLevels(Uint32Array.from(words), count),
    ];
    assert.deepEqual(levels([0b101], 3), [1, 0, 1]);
    assert.deepEqual(levels([0x8000_0001, 0b10], 34).slice(-4), [0, 1, 1, 0]);
    assert.equal(levels([0x8000_0001, 0], 32)[0], 1);
    // Without the last word, which may be empty: it ended early.
    for (const [words, count] of [
      [[], 3],
      [[7], 32],
      [[7], 33],
      [[1, 2, 3], 96],
    ] as const)
      assert.deepEqual(levels(words, count), []);
  });
});

describe("OneWirePort on the chip", () => {
  it("refuses slots that the FIFOs have no room for, and use after the end", async () => {
    for (const way of ways) {
      const bench = benchOf(way);
      bench.bus.close();
      const port = new bench.port.io({ pin: ONE_WIRE_PIN });
      for (const count of [0, 97])
        assert.throws(() => port.write(new Uint8Array(count)), RangeError);
      assert.equal(bench.pin.level, 1);
      port.close();
      port.close();
      for (const use of [() => port.read(), () => port.reset(), () => port.write(Uint8Array.of(1))])
        assert.throws(use, /closed/);
    }
  });

  it("says sensor-bus when no state machine is free", () => {
    const natives = {
      open: () => {
        throw new Error("no state machine is free");
      },
    } as unknown as NativeOneWire;
    assert.throws(() => pinLineBench("full", () => chipOneWire(natives)), code("sensor-bus"));
    const { pins } = pinLineBench();
    const Port = boardIo({ pins, buses: [] }).OneWirePort!;
    assert.throws(() => new Port({ pin: ONE_WIRE_PIN }), /in use/);
  });
});

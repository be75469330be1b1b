import assert from "node:assert/strict";
import fc from "fast-check";
import { DS18B20 } from "../../hal/sensors/ds18b20.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import { type OneWireBench, pinLineBench, uartBench } from "./onewire-bench.ts";
import { pioPort } from "./pio-one-wire.ts";

const CELSIUS = 23.4375;

/** A short measurement, so that many fit. */
function noisy<Bench extends OneWireBench>(bench: Bench) {
  bench.probe({ celsius: CELSIUS });
  const { bus, clock, timer, run, pass } = bench;
  const sensor = new DS18B20({ sensor: { bus }, resolution: 12, clock, timer });
  return {
    ...bench,
    /** `true` for a reading, `false` for a coded error; anything else fails. */
    async survives(): Promise<boolean> {
      try {
        const { temperature } = await run(sensor.measure(), 10_000);
        assert.ok(temperature >= -55 && temperature <= 125, `${temperature}`);
        return true;
      } catch (error) {
        assert.ok(isLatchkeyError(error), String(error));
        return false;
      }
    },
    /** The noise is over: it measures again, at the second attempt at the latest. */
    async recovers(): Promise<void> {
      await pass(2_000);
      const first = await run(sensor.measure().catch(() => undefined));
      const sample = first ?? (await run(sensor.measure()));
      assert.deepEqual(sample, { temperature: CELSIUS });
    },
  };
}

describe("a noisy 1-Wire bus behind a UART", () => {
  it("with damaged, lost and doubled bytes gives a checked reading or a coded error", async () => {
    const faults = fc.array(
      fc.record({
        at: fc.nat(900),
        kind: fc.constantFrom("flip", "drop", "double", "zero"),
        bit: fc.nat(7),
      }),
      { maxLength: 8 },
    );
    let readings = 0;
    const property = fc.asyncProperty(faults, async (some) => {
      const bench = noisy(uartBench("noise"));
      let at = 0;
      bench.bridge.garble = (byte) => {
        const fault = some.find((one) => one.at === at);
        at++;
        if (fault === undefined) return [byte];
        const flipped = byte ^ (1 << fault.bit);
        return { flip: [flipped], drop: [], double: [byte, byte], zero: [0] }[fault.kind];
      };
      if (await bench.survives()) readings++;
      bench.bridge.garble = (byte) => [byte];
      await bench.recovers();
    });
    await fc.assert(property, { numRuns: 30, examples: [[[]]] });
    assert.ok(readings > 0);
  });

  it("with a receiver that babbles ends in its time", async () => {
    const bench = noisy(uartBench("noise"));
    const rng = bench.world.rng("babble");
    bench.bridge.garble = () => [...rng.bytes(rng.int(0, 3))];
    for (let round = 0; round < 5; round++) assert.equal(await bench.survives(), false);
    bench.bridge.garble = (byte) => [byte];
    await bench.recovers();
  });
});

const WAYS = {
  "behind a UART": () => uartBench("noise"),
  "on a simulated pin": () => pinLineBench("noise"),
  "on a pin of the PIO": () => pinLineBench("noise", pioPort),
};

for (const [way, make] of Object.entries(WAYS)) {
  describe(`a noisy 1-Wire bus ${way}`, () => {
    it("with spikes on the line gives a checked reading or a coded error", async () => {
      const spikes = fc.array(
        fc.record({ atMs: fc.nat(1_500), us: fc.integer({ min: 1, max: 600 }) }),
        {
          maxLength: 6,
        },
      );
      const property = fc.asyncProperty(spikes, async (some) => {
        const bench = noisy(make());
        for (const { atMs, us } of some) {
          bench.world.after(atMs * 1000, () => bench.wire.drive("noise", "low"));
          bench.world.after(atMs * 1000 + us, () => bench.wire.drive("noise", "none"));
        }
        await bench.survives();
        await bench.recovers();
      });
      await fc.assert(property, { numRuns: 30 });
    });

    it("with contacts that come and go gives a checked reading or a coded error", async () => {
      const cuts = fc.array(
        fc.record({ atMs: fc.nat(1_500), ms: fc.integer({ min: 1, max: 50 }) }),
        {
          maxLength: 4,
        },
      );
      const property = fc.asyncProperty(cuts, async (some) => {
        const bench = noisy(make());
        const [probe] = bench.probes;
        for (const { atMs, ms } of some) {
          bench.world.after(atMs * 1000 + 33, () => probe!.powerOff());
          bench.world.after((atMs + ms) * 1000, () => probe!.powerOn());
        }
        await bench.survives();
        await bench.recovers();
      });
      await fc.assert(property, { numRuns: 30, examples: [[[{ atMs: 3, ms: 1 }]]] });
    });
  });
}

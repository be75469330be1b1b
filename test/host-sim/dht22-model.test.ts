import assert from "node:assert/strict";
import { Dht22Model, type Dht22Options } from "../../host-sim/chips/dht22-model.ts";
import { pinBench } from "../hal/pin-bench.ts";

/** A host that moves the pin by hand, by the data sheet. */
function bench(options: Partial<Dht22Options> = {}) {
  const { world, pins } = pinBench("dht22 model");
  const pin = pins.pin(10);
  pin.pull("resistor", "up");
  const model = new Dht22Model({ world, wire: pin, ...options });
  model.powerOn();
  world.advance(1_500_000);
  return {
    world,
    pin,
    model,
    wait: (us: number) => world.advance(us),
    /** A start pulse; then how long the line stays at each level. */
    ask(startUs = 1_000): number[] {
      pin.drive("host", "low");
      world.advance(startUs);
      const times: number[] = [world.nowUs()];
      const stop = pin.onEdge((_, timeUs) => times.push(timeUs));
      pin.drive("host", "none");
      world.advance(10_000);
      stop();
      // The first edge is the host's own release.
      return times.slice(2).map((timeUs, i) => timeUs - times[i + 1]!);
    },
  };
}

/** The bytes of an answer, by the lengths of its highs alone. */
function hexOf(levels: readonly number[]): string {
  const highs = levels.filter((_, i) => i >= 4 && i % 2 === 0);
  const bits = highs.map((us) => (us > 48 ? "1" : "0")).join("");
  return Array.from({ length: 5 }, (_, i) =>
    Number.parseInt(bits.slice(8 * i, 8 * i + 8), 2)
      .toString(16)
      .padStart(2, "0"),
  ).join("");
}

describe("the DHT22 model at its pin", () => {
  it("sends the data sheet's examples as the data sheet writes them", () => {
    assert.equal(hexOf(bench({ humidity: 65.2, celsius: 35.1 }).ask()), "028c015fee");
    assert.equal(hexOf(bench({ humidity: 65.2, celsius: -10.1 }).ask()), "028c806573");
  });

  it("writes numbers below zero as the clones do that were captured", () => {
    const air = { humidity: 54.4, celsius: -14.2 };
    const clone = bench({ ...air, encoding: "twos-complement-no-sign" });
    assert.equal(hexOf(clone.ask()), "02207f7213");
    const other = bench({ ...air, encoding: "twos-complement" });
    assert.equal(hexOf(other.ask()), "0220ff7293");
  });

  it("keeps the times of the data sheet, whatever the seed", () => {
    for (let i = 0; i < 10; i++) {
      const [go, low, high, ...bits] = bench({ name: `specimen ${i}` }).ask();
      assert.ok(go! >= 20 && go! <= 40, `${go}`);
      assert.ok(low! >= 72 && low! <= 88 && high! >= 72 && high! <= 88, `${low} ${high}`);
      assert.equal(bits.length, 81);
      bits.forEach((us, at) => {
        const isLow = at % 2 === 0 && us >= 45 && us <= 56;
        const isHigh = at % 2 === 1 && ((us >= 22 && us <= 30) || (us >= 64 && us <= 76));
        assert.ok(isLow || isHigh, `${at}: ${us}`);
      });
    }
  });

  it("answers with what it measured at the question before", () => {
    const { ask, model, wait } = bench({ humidity: 50, celsius: 20 });
    model.celsius = 30;
    wait(1_000_000);
    assert.equal(hexOf(ask()), "01f400c8bd");
    wait(2_000_000);
    assert.equal(hexOf(ask()), "01f4012c22");
  });

  it("asked too soon it repeats itself and does not measure", () => {
    const { ask, model, wait } = bench({ humidity: 50, celsius: 20 });
    wait(1_000_000);
    ask();
    model.celsius = 30;
    wait(500_000);
    assert.equal(hexOf(ask()), "01f400c8bd");
    wait(2_000_000);
    assert.equal(hexOf(ask()), "01f400c8bd");
    assert.deepEqual(model.violations, ["asked too soon"]);
  });

  it("does not take 0.7 ms or 30 ms for a start pulse, nor anything in its first second", () => {
    const { ask, model, wait } = bench();
    assert.deepEqual(ask(700), []);
    assert.deepEqual(ask(30_000), []);
    assert.deepEqual(model.violations, ["700 µs is no start pulse", "30000 µs is no start pulse"]);
    assert.equal(ask(800).length, 84);
    model.powerOff();
    assert.deepEqual(ask(), []);
    model.powerOn();
    wait(500_000);
    assert.deepEqual(ask(), []);
  });

  it("breaks off, falls silent and miscounts when it is told to, once", () => {
    const { ask, model, wait } = bench({ humidity: 65.2, celsius: 35.1 });
    model.faults.breakOffAfter = 12;
    assert.equal(ask().length, 3 + 2 * 12 + 1);
    wait(2_000_000);
    model.faults.wrongSums = 1;
    const wrong = hexOf(ask());
    assert.ok(wrong.startsWith("028c015f") && wrong !== "028c015fee", wrong);
    wait(2_000_000);
    assert.equal(hexOf(ask()), "028c015fee");
  });
});

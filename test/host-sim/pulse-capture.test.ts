import assert from "node:assert/strict";
import type { PulseCaptureOptions } from "../../hal/pulse-capture.ts";
import { boardIo } from "../../host-sim/board/io.ts";
import { PowerGate } from "../../host-sim/board/power-gate.ts";
import { pinBench } from "../hal/pin-bench.ts";

const PIN = 10;

function bench(options: Partial<PulseCaptureOptions> = {}) {
  const pinned = pinBench("pulses");
  const { world, pins, pass } = pinned;
  const gate = new PowerGate();
  const { PulseCapture, Digital } = gate.io(boardIo({ pins, buses: [] }));
  const counts: number[] = [];
  const capture = new PulseCapture!({
    pin: PIN,
    startUs: 1_000,
    idleUs: 500,
    durationsMax: 8,
    onReadable: (count) => counts.push(count),
    ...options,
  });
  const pin = pins.pin(PIN);
  return {
    ...pinned,
    gate,
    Digital,
    PulseCapture: PulseCapture!,
    capture,
    pin,
    counts,
    /** The chip's side: after the release, `us` until each change; the first pulls low. */
    play(...us: number[]) {
      let atUs = 1_000;
      us.forEach((step, i) => {
        atUs += step;
        world.after(atUs, () => pin.drive("chip", i % 2 === 0 ? "low" : "none"));
      });
    },
    durations(): number[] | undefined {
      const buffer = capture.read();
      return buffer === undefined ? undefined : [...new Uint16Array(buffer)];
    },
    trigger(): Promise<void> {
      capture.trigger();
      return pass(20);
    },
  };
}

describe("a simulated PulseCapture", () => {
  it("pulls low for the start pulse, never drives high, and times what follows", async () => {
    const { pin, pins, world, counts, play, durations, trigger } = bench();
    const edges: string[] = [];
    pin.onEdge((level, timeUs) => edges.push(`${level}@${timeUs - startUs}`));
    const startUs = world.nowUs();
    play(30, 80, 81, 50);
    await trigger();
    assert.deepEqual(edges, ["0@0", "1@1000", "0@1030", "1@1110", "0@1191", "1@1241"]);
    assert.deepEqual(counts, [4]);
    assert.deepEqual(durations(), [30, 80, 81, 50]);
    assert.equal(durations(), undefined);
    assert.equal(pins.shorts, 0);
  });

  it("nobody there, or a line held low, gives no durations but an end", async () => {
    const { pin, counts, durations, trigger } = bench();
    await trigger();
    assert.deepEqual(durations(), []);
    pin.drive("short", "low");
    await trigger();
    assert.deepEqual(durations(), []);
    assert.deepEqual(counts, [0, 0]);
  });

  it("ends with the last duration that there is room for", async () => {
    const { play, durations, trigger } = bench({ durationsMax: 3 });
    play(30, 40, 50, 60, 70, 80);
    await trigger();
    assert.deepEqual(durations(), [30, 40, 50]);
  });

  it("ends when nothing changes for idleUs, also while the line is low", async () => {
    const { play, durations, trigger } = bench();
    play(30, 40, 50, 900);
    await trigger();
    assert.deepEqual(durations(), [30, 40, 50]);
  });

  it("counts a glitch as two more", async () => {
    const { play, durations, trigger } = bench();
    play(30, 80, 20, 2, 58);
    await trigger();
    assert.deepEqual(durations(), [30, 80, 20, 2, 58]);
  });

  it("refuses a second trigger while one is under way, and forgets the last result", async () => {
    const { capture, trigger, pass, durations } = bench();
    await trigger();
    capture.trigger();
    assert.throws(() => capture.trigger(), /busy/);
    assert.equal(durations(), undefined);
    await pass(20);
    assert.deepEqual(durations(), []);
  });

  it("owns its pin until it is closed, also in the middle of a start pulse", async () => {
    const { capture, Digital, pin, counts, pass, PulseCapture } = bench();
    const input = { pin: PIN, mode: Digital.Input };
    assert.throws(() => new Digital(input), /in use/);
    const options = { pin: 12, startUs: 0, idleUs: 1, durationsMax: 1, onReadable: () => {} };
    assert.throws(() => new PulseCapture(options), RangeError);
    capture.trigger();
    assert.equal(pin.level, 0);
    capture.close();
    capture.close();
    assert.equal(pin.owner, undefined);
    new Digital(input).close();
    await pass(20);
    assert.deepEqual(counts, []);
    assert.throws(() => capture.trigger(), /closed/);
  });

  it("a program without power triggers nothing and hears nothing", async () => {
    const { capture, gate, pin, counts, trigger, pass, PulseCapture } = bench();
    capture.trigger();
    gate.cut();
    await pass(20);
    await trigger();
    assert.deepEqual(counts, []);
    assert.equal(pin.level, 1);
    const options = { pin: 12, startUs: 1, idleUs: 1, durationsMax: 1, onReadable: () => {} };
    assert.throws(() => new PulseCapture(options), /power/);
  });
});

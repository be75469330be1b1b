import assert from "node:assert/strict";
import { EventAllowance } from "../../firmware/sensor/event-allowance.ts";
import type { JsonObject } from "../../protocol/json/reader.ts";
import { ReportingBench, type ScriptedSensor } from "./reporting-bench.ts";

const ROOM = { platform: "scripted", name: "room", update_interval: "1s" };
const FRONT = { platform: "door", name: "front", update_interval: "1h", heartbeat: "1d" };
const SHUT = { open: false, held: false, exit: false, forced: false };
const FORCED = { ...SHUT, open: true, forced: true };

describe("what happens to a door", () => {
  let bench: ReportingBench;
  let front: ScriptedSensor;

  /** A node whose network is cut. */
  async function start(...sensors: readonly Record<string, unknown>[]): Promise<void> {
    bench = new ReportingBench([FRONT, ...sensors]);
    bench.online = false;
    front = bench.sensor("front");
    front.answers = [SHUT];
    bench.start();
    await bench.run(1);
  }
  /** The contact says so, one after the other. */
  async function happens(...answers: readonly (typeof SHUT)[]): Promise<void> {
    for (const answer of answers) {
      front.answers = [answer];
      front.changed();
      await bench.run(0.2);
    }
  }
  async function deliver(): Promise<readonly JsonObject[]> {
    bench.online = true;
    bench.reporting.uploader.resume();
    await bench.run(120);
    return bench.sent;
  }
  const namedIn = (readings: readonly JsonObject[], quantity: string) =>
    readings.filter(({ named }) => (named as JsonObject | undefined)?.[`front.${quantity}`] === 1);

  it("is delivered after an outage in which telemetry had to go", async () => {
    await start(ROOM);
    await happens(FORCED, SHUT, { ...SHUT, exit: true }, { ...SHUT, open: true, held: true });
    await bench.run(900);
    const sent = await deliver();
    const lost = sent.filter((reading) => reading["lost"] !== undefined);
    assert.ok(lost.length > 0, "the flash was full");
    assert.ok(lost.every(({ lost: of }) => (of as JsonObject)["class"] === "telemetry"));
    for (const quantity of ["forced", "exit", "held"])
      assert.equal(namedIn(sent, quantity).length, 1, quantity);
  });

  it("comes with its end, in order, before all that can be dropped", async () => {
    await start(ROOM);
    await happens(FORCED, SHUT, FORCED, SHUT);
    await bench.run(60);
    const sent = await deliver();
    const first = sent.slice(0, 4).map(({ named }) => (named as JsonObject)["front.forced"]);
    assert.deepEqual(first, [1, 0, 1, 0]);
  });

  it("is no event where it merely opens and shuts: a tap says as much", async () => {
    await start();
    for (let n = 0; n < 20; n++) await happens({ ...SHUT, open: true }, SHUT);
    assert.equal(bench.reporting.readings.waiting, 41);
    await bench.run(600);
    bench.reporting.tapped({ badge: "04aabbccddeeff", granted: true, reason: "granted" });
    await bench.run(1);
    const sent = await deliver();
    assert.equal(sent[0]!["badge_uid"], "04aabbccddeeff", "nothing of the door went before it");
  });

  it("leaves room for taps and break-ins, however often the button is pressed", async () => {
    await start();
    for (let n = 0; n < 300; n++) await happens({ ...SHUT, exit: true }, SHUT);
    await happens(FORCED);
    bench.reporting.tapped({ badge: "04aabbccddeeff", granted: false, reason: "badge-cloned" });
    await bench.run(1);
    for (let n = 0; n < 100; n++) await happens({ ...FORCED, exit: true }, FORCED);
    const sent = await deliver();
    assert.equal(sent.filter((reading) => "badge_uid" in reading).length, 1);
    assert.ok(namedIn(sent, "forced").length >= 1);
    const exits = namedIn(sent, "exit").length;
    assert.ok(exits >= 64, `${exits} of the presses`);
  });

  it("is kept like telemetry where there is no other room left, and not lost at once", async () => {
    await start();
    for (let n = 0; n < 400; n++) {
      bench.reporting.tapped({ badge: "04aabbccddeeff", granted: false, reason: "x" });
      await bench.run(0.1);
    }
    const full = bench.log.last(50).filter(({ event }) => event === "tap-not-stored");
    assert.ok(full.length > 0, "the flash is full of taps");
    await happens(FORCED);
    assert.equal(bench.reporting.work.storageError, undefined);
    assert.equal(namedIn(await deliver(), "forced").length, 1);
  });
});

describe("the allowance of events", () => {
  it("is for each kind, is used up, and comes back with time", () => {
    const allowance = new EventAllowance();
    const kept = (kind: string, times: number, nowMs: number) =>
      Array.from({ length: times }, () => allowance.mayKeep(kind, nowMs)).filter(Boolean).length;
    assert.equal(kept("front.exit", 100, 0), 64);
    assert.equal(kept("front.forced", 1, 0), 1);
    assert.equal(kept("front.exit", 5, 299_999), 0);
    assert.equal(kept("front.exit", 5, 300_000), 1);
    assert.equal(kept("front.exit", 100, 300_000 * 1000), 64, "no more than at first");
  });
});

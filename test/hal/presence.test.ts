import assert from "node:assert/strict";
import type { Target } from "../../hal/pn532/commands.ts";
import { CardPresence, type CardReader, type PresenceEvent } from "../../hal/pn532/presence.ts";
import { statusError } from "../../hal/pn532/status.ts";
import { fromHex } from "../../protocol/encoding/hex.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { VirtualTime } from "./virtual-time.ts";

const target = (uid: string, tg = 1): Target => ({
  tg,
  atqa: 0x0344,
  sak: 0x20,
  uid: fromHex(uid),
  ats: fromHex("067777710280"),
});
const A = target("04aaaaaaaaaaaa");

/** A reader whose field the test fills; every call takes 1 ms. */
class FakeReader implements CardReader {
  field: readonly Target[] = [];
  fails: LatchkeyError | undefined;
  apduFails: LatchkeyError | undefined;
  dead = false;
  calls: string[] = [];
  readonly #time: VirtualTime;

  constructor(time: VirtualTime) {
    this.#time = time;
  }
  async #call<T>(name: string, result: () => T): Promise<T> {
    this.calls.push(name);
    await new Promise<void>((done) => this.#time.timer.set(done, 1));
    if (this.fails !== undefined) throw this.fails;
    return result();
  }
  inListPassiveTarget = () => this.#call("list", () => [...this.field]);
  isPresent = () => this.#call("present?", () => this.field.length > 0);
  setField = (on: boolean) => this.#call(on ? "on" : "off", () => undefined);
  inDataExchange = () =>
    this.#call("apdu", () => {
      if (this.apduFails !== undefined) throw this.apduFails;
      return fromHex("9000");
    });
  abort(): void {
    this.calls.push("abort");
  }
  async recover(): Promise<void> {
    this.calls.push("recover");
    if (this.dead) throw new LatchkeyError("pn532-dead");
    this.fails = undefined;
  }
  count(name: string): number {
    return this.calls.filter((call) => call === name).length;
  }
}

function bench(onEvent?: (event: PresenceEvent) => unknown) {
  const time = new VirtualTime();
  const reader = new FakeReader(time);
  const presence = new CardPresence(reader, { clock: time.clock, timer: time.timer });
  const names: string[] = [];
  presence.start(async (event) => {
    names.push(event.type);
    await onEvent?.(event);
  });
  return { time, reader, presence, names };
}

describe("Card presence", () => {
  it("polling rests while the handler works", async () => {
    const { time, reader, names } = bench(async (event) => {
      if (event.type === "present") await new Promise<void>((done) => time.timer.set(done, 500));
    });
    reader.field = [A];
    await time.pass(100);
    const calls = reader.calls.length;
    await time.pass(300);
    assert.equal(reader.calls.length, calls);
    assert.deepEqual(names, ["present"]);
  });

  it("a handler that throws changes nothing", async () => {
    const { time, reader, names } = bench(() => {
      throw new Error("application");
    });
    reader.field = [A];
    await time.pass(1_000);
    reader.field = [];
    await time.pass(1_000);
    assert.deepEqual(names, ["present", "removed"]);
  });

  it("a card that breaks every time is presented five times, then left alone", async () => {
    const attempts: number[] = [];
    const { time, reader, names } = bench(async (event) => {
      if (event.type !== "present") return;
      attempts.push(event.attempt);
      await event.card.transceive(fromHex("00a4040c")).catch(() => undefined);
    });
    reader.apduFails = statusError(0x0b, "InDataExchange");
    reader.field = [A];
    await time.pass(10_000);
    assert.deepEqual(attempts, [1, 2, 3, 4, 5]);
    reader.field = [];
    await time.pass(1_000);
    assert.equal(names.at(-1), "removed");
  });

  it("a dead chip is one fault, tried with growing pauses, restored when it lives", async () => {
    const { time, reader, names } = bench();
    await time.pass(100);
    reader.dead = true;
    reader.fails = new LatchkeyError("pn532-timeout");
    await time.pass(60_000);
    assert.deepEqual(names, ["fault"]);
    const tries = reader.count("recover");
    assert.ok(tries >= 12 && tries <= 25, `${tries} attempts in a minute`);
    reader.dead = false;
    await time.pass(6_000);
    assert.deepEqual(names, ["fault", "restored"]);
  });

  it("a card that lies there through a fault is not announced again", async () => {
    const { time, reader, names } = bench();
    reader.field = [A];
    await time.pass(500);
    reader.fails = new LatchkeyError("pn532-timeout");
    await time.pass(2_000);
    assert.deepEqual(names, ["present", "fault", "restored"]);
  });

  it("somebody else's abort or close does not make it spin", async () => {
    const { time, reader, names } = bench();
    reader.fails = new LatchkeyError("cancelled");
    await time.pass(1_000);
    assert.ok(reader.calls.length < 30, `${reader.calls.length} calls in a second`);
    assert.deepEqual(names, []);
  });

  it("over-current switches the field off before anything else is tried", async () => {
    const { time, reader, names } = bench();
    await time.pass(100);
    reader.calls = [];
    reader.fails = statusError(0x2d, "InListPassiveTarget");
    await time.pass(600);
    assert.deepEqual(names, ["fault"]);
    assert.deepEqual(reader.calls.slice(-1), ["off"]);
    assert.equal(reader.count("recover"), 0);
  });

  it("starting twice is busy; stop leaves no timer behind", async () => {
    const { time, reader, presence } = bench();
    assert.throws(() => presence.start(() => undefined), { code: "busy" });
    await time.pass(100);
    await time.until(presence.stop());
    assert.equal(time.timersSet, 0);
    assert.ok(reader.calls.includes("abort"));
    await time.until(presence.stop());
  });
});

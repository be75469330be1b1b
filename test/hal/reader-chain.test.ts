import assert from "node:assert/strict";
import fc from "fast-check";
import type { PresenceEvent } from "../../hal/pn532/presence.ts";
import type { BusEffect } from "../../host-sim/board/bus-faults.ts";
import type { CardFaults } from "../../host-sim/nfc/card.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import { type BenchOptions, eventNames, readerBench } from "./reader-bench.ts";

const SELECT = fromHex("00a4040007d276000085010100");
const READ_256 = fromHex("00b0840000");

/** A reader that is open and watches the field; everything it says lands in `events`. */
async function watching(options: BenchOptions = {}, onEvent?: (event: PresenceEvent) => unknown) {
  const bench = readerBench(options);
  await bench.run(bench.pn532.open());
  const events: PresenceEvent[] = [];
  bench.presence.start(async (event) => {
    events.push(event);
    await onEvent?.(event);
  });
  return { ...bench, events };
}

for (const irq of [true, false]) {
  describe(`PN532 on the simulated board, ${irq ? "with IRQ" : "by polling"}`, () => {
    it("opens within 50 ms of virtual time", async () => {
      const { run, pn532, world } = readerBench({ irq });
      assert.equal((await run(pn532.open())).version, "1.6");
      assert.ok(world.nowUs() < 50_000, `${world.nowUs()} µs`);
    });

    it("reads a 256-byte file in one APDU, in an extended frame", async () => {
      const { run, pn532, field, badge } = readerBench({ irq });
      await run(pn532.open());
      field.enter(badge());
      const [target] = await run(pn532.inListPassiveTarget());
      assert.equal(toHex(target!.uid), "04518dfaa96180");
      assert.equal(toHex(await run(pn532.inDataExchange(1, SELECT, { expectBytes: 2 }))), "9000");
      const file = await run(pn532.inDataExchange(1, READ_256, { expectBytes: 258 }));
      assert.equal(file.length, 258);
      assert.equal(toHex(file.subarray(0, 9)), "0007d1010355016162");
    });

    it("no turn of the event loop takes over 50 ms", async () => {
      const { run, pn532, field, badge, world } = readerBench({ irq });
      await run(pn532.open());
      field.enter(badge());
      await run(pn532.inListPassiveTarget());
      await run(pn532.inDataExchange(1, SELECT));
      await run(pn532.inDataExchange(1, READ_256, { expectBytes: 258 }));
      assert.ok(world.longestTurnUs < 50_000, `${world.longestTurnUs} µs`);
    });

    it("a tap costs little more than its bytes and its air", async () => {
      let waste = Number.POSITIVE_INFINITY;
      const bench = await watching({ irq }, async (event) => {
        if (event.type !== "present") return;
        const start = { us: world.nowUs(), bus: bus.stats.busyUs, air: airUs() };
        await event.card.transceive(SELECT);
        await event.card.transceive(fromHex("00b0840009"));
        const spent = world.nowUs() - start.us;
        waste = spent / (bus.stats.busyUs - start.bus + airUs() - start.air);
      });
      const { world, bus, chip, field, badge, pass } = bench;
      const airUs = () => chip.stats.airUs + chip.stats.delayUs + chip.stats.chipUs;
      field.enter(badge());
      await pass(1_000);
      assert.ok(waste < 1.25, `factor ${waste}`);
    });

    it("a card is announced once, and its departure once", async () => {
      const { events, field, badge, pass } = await watching({ irq });
      const card = badge();
      await pass(300);
      field.enter(card);
      await pass(3_000);
      field.leave(card);
      await pass(3_000);
      field.enter(card);
      await pass(1_000);
      assert.deepEqual(eventNames(events), ["present", "removed", "present"]);
    });

    it("a card put down in place of another is swapped", async () => {
      const { events, field, badge, pass } = await watching({ irq });
      const [first, second] = [badge(), badge("04a1b2c3d4e5f6")];
      field.enter(first);
      await pass(1_000);
      field.leave(first);
      field.enter(second);
      await pass(1_000);
      assert.deepEqual(eventNames(events), ["present", "swapped"]);
      const last = events.at(-1);
      assert.ok(last?.type === "swapped" && toHex(last.card.uid) === "04a1b2c3d4e5f6");
    });

    it("a card that lost the field for a moment is still the same card", async () => {
      const { events, field, badge, pass } = await watching({ irq });
      const card = badge();
      field.enter(card);
      await pass(1_000);
      field.leave(card);
      await pass(2);
      field.enter(card);
      await pass(2_000);
      assert.deepEqual(eventNames(events), ["present"]);
    });

    it("two cards are several, once, and neither is read", async () => {
      const { events, field, badge, pass } = await watching({ irq });
      const [first, second] = [badge(), badge("04a1b2c3d4e5f6")];
      field.enter(first);
      field.enter(second);
      await pass(2_000);
      assert.deepEqual(eventNames(events), ["several"]);
      field.leave(second);
      await pass(2_000);
      assert.deepEqual(eventNames(events), ["several", "present"]);
    });

    it("a card pulled away in mid-read is badge-moved, and the next tap works", async () => {
      const outcomes: string[] = [];
      const bench = await watching({ irq }, async (event) => {
        if (event.type !== "present") return;
        try {
          await event.card.transceive(SELECT);
          const file = await event.card.transceive(READ_256);
          outcomes.push(`${file.length} bytes`);
        } catch (error) {
          outcomes.push(isLatchkeyError(error) ? error.code : "?");
        }
      });
      const { field, badge, pass } = bench;
      const card = badge();
      field.enter(card);
      field.leaveAfterBytes(card, 150);
      await pass(2_000);
      assert.deepEqual(outcomes, ["badge-moved"]);
      field.enter(card);
      await pass(2_000);
      assert.deepEqual(outcomes, ["badge-moved", "258 bytes"]);
    });

    it("a card that falters in mid-read but stays is presented again by itself", async () => {
      const faults: CardFaults = {};
      const outcomes: string[] = [];
      const { field, badge, pass } = await watching({ irq }, async (event) => {
        if (event.type !== "present") return;
        faults.mute = event.attempt === 1;
        const apdu = event.card.transceive(SELECT);
        outcomes.push(`${await apdu.then(toHex, (error) => error.code)} at ${event.attempt}`);
        faults.mute = false;
      });
      field.enter(badge(), faults);
      await pass(3_000);
      assert.deepEqual(outcomes, ["badge-moved at 1", "9000 at 2"]);
    });

    it("a frame damaged on the air does not cost the tap", async () => {
      const faults: CardFaults = {};
      const outcomes: string[] = [];
      const { field, badge, pass } = await watching({ irq }, async (event) => {
        if (event.type !== "present") return;
        faults.garbledFrames = 2;
        outcomes.push(toHex(await event.card.transceive(SELECT)));
      });
      field.enter(badge(), faults);
      await pass(1_000);
      assert.deepEqual(outcomes, ["9000"]);
      assert.equal(faults.garbledFrames, 0);
    });

    for (const wedge of ["silent", "busy", "sda"] as const) {
      it(`a chip wedged ${wedge} is reset, and the next card is read`, async () => {
        const { events, chip, field, badge, pass } = await watching({ irq });
        await pass(500);
        chip.wedge(wedge);
        await pass(6_000);
        assert.equal(chip.wedged, undefined, "RSTPD_N was pulsed");
        field.enter(badge());
        await pass(2_000);
        assert.deepEqual(eventNames(events), ["fault", "restored", "present"]);
      });
    }

    it("an overheated antenna rests: field off, one fault, then on again", async () => {
      const codes: string[] = [];
      const bench = await watching({ irq }, async (event) => {
        if (event.type !== "present") return;
        await event.card.transceive(SELECT).catch((error) => codes.push(error.code));
      });
      const { chip, field, badge, pass, events } = bench;
      chip.forcedStatus = 0x0d;
      field.enter(badge());
      await pass(400);
      assert.equal(field.isOn, false);
      chip.forcedStatus = undefined;
      await pass(3_000);
      assert.equal(field.isOn, true);
      assert.equal(codes[0], "pn532-status");
      assert.deepEqual(eventNames(events).slice(0, 2), ["present", "fault"]);
    });

    it("stop ends at once what is under way, and start begins afresh", async () => {
      const { events, presence, run, pass, world, field, badge } = await watching({ irq });
      await pass(100);
      const before = world.nowUs();
      await run(presence.stop());
      assert.ok(world.nowUs() - before < 100_000, `${world.nowUs() - before} µs`);
      field.enter(badge());
      await pass(1_000);
      assert.deepEqual(eventNames(events), []);
      presence.start((event) => void events.push(event));
      await pass(1_000);
      assert.deepEqual(eventNames(events), ["present"]);
    });

    it("survives any bus faults: typed errors, no hang, and it reads again", async function () {
      this.timeout(30_000);
      const effect = fc.oneof(
        fc.constant<BusEffect>({ kind: "address-nack" }),
        fc.nat(40).map((byte): BusEffect => ({ kind: "data-nack", byte })),
        fc.constant<BusEffect>({ kind: "bit-flip" }),
        fc.constant<BusEffect>({ kind: "drop-byte" }),
        fc.constant<BusEffect>({ kind: "duplicate-byte" }),
        fc.constant<BusEffect>({ kind: "stretch", us: 9_000 }),
        fc.nat(8).map((n): BusEffect => ({ kind: "stuck-sda", clocks: n + 1 })),
      );
      const rules = fc.array(fc.record({ effect, skip: fc.nat(60), times: fc.nat(3) }), {
        maxLength: 8,
      });
      await fc.assert(
        fc.asyncProperty(fc.string(), rules, async (seed, list) => {
          const outcomes: string[] = [];
          const bench = await watching({ irq, seed }, async (event) => {
            if (event.type !== "present") return;
            try {
              await event.card.transceive(SELECT);
              outcomes.push(toHex((await event.card.transceive(READ_256)).subarray(0, 9)));
            } catch (error) {
              assert.ok(isLatchkeyError(error), String(error));
              assert.notEqual(error.code, "internal");
            }
          });
          for (const rule of list) bench.bus.faults.add({ address: 0x24, ...rule });
          const card = bench.badge();
          bench.field.enter(card);
          await bench.pass(1_500);
          bench.field.leave(card);
          bench.bus.faults.clear();
          await bench.pass(6_000);
          outcomes.length = 0;
          bench.field.enter(card);
          await bench.pass(1_000);
          assert.deepEqual(outcomes, ["0007d1010355016162"]);
          await bench.run(bench.presence.stop());
        }),
        { numRuns: 12 },
      );
    });
  });
}

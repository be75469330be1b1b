import assert from "node:assert/strict";
import fc from "fast-check";
import {
  airTimeUs,
  crcFrame,
  ETU_US,
  plainFrame,
  shortFrame,
} from "../../host-sim/nfc/air-frame.ts";
import {
  type AirFailure,
  type AirProcedure,
  hasFailed,
  runInField,
} from "../../host-sim/nfc/air-procedure.ts";
import type { Card } from "../../host-sim/nfc/card.ts";
import { crcA, withCrcA, withoutCrcA } from "../../host-sim/nfc/crc-a.ts";
import { NfcField } from "../../host-sim/nfc/field.ts";
import type { IsoDepLink } from "../../host-sim/nfc/iso-dep-link.ts";
import { activate, halt, request, select, selectKnown } from "../../host-sim/nfc/iso14443.ts";
import { Picc } from "../../host-sim/nfc/picc.ts";
import { World } from "../../host-sim/world/world.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";

/** A card that answers every command with `reply(command)` and 9000. */
function echoCard(
  uid: string,
  timeUs = 1000,
  reply = (apdu: Uint8Array) => apdu,
): Card & { heard: string[] } {
  const heard: string[] = [];
  return {
    uid: fromHex(uid),
    atqa: 0x0344,
    sak: 0x20,
    ats: fromHex("067777710280"),
    heard,
    fieldOn: () => heard.push("on"),
    fieldOff: () => heard.push("off"),
    deselect: () => heard.push("deselect"),
    apdu: (command) => {
      heard.push(toHex(command));
      return { response: Uint8Array.of(...reply(command), 0x90, 0), timeUs };
    },
  };
}

function stage(): {
  world: World;
  field: NfcField;
  run: <T>(procedure: AirProcedure<T>) => Promise<T>;
} {
  const world = new World({ seed: "air", idle: () => Promise.resolve() });
  const field = new NfcField(world);
  field.switchOn();
  const run = async <T>(procedure: AirProcedure<T>): Promise<T> => {
    const out: T[] = [];
    runInField(world, field, procedure, (result) => out.push(result));
    assert.ok(await world.run(() => out.length > 0, 60_000_000), "the procedure never ended");
    return out[0]!;
  };
  return { world, field, run };
}

function good<T extends object>(result: T | AirFailure): T {
  if (hasFailed(result)) assert.fail(`${result.failed}: ${result.why}`);
  return result;
}

async function linkTo(
  card: Card,
  fsdi = 8,
): Promise<ReturnType<typeof stage> & { link: IsoDepLink }> {
  const here = stage();
  here.field.enter(card);
  await here.world.runFor(5_000);
  good(await here.run(request(false)));
  good(await here.run(select()));
  return { ...here, link: good(await here.run(activate(fsdi))) };
}

describe("CRC_A", () => {
  it("gives the values of ISO/IEC 14443-3 annex B", () => {
    assert.equal(crcA(fromHex("0000")), 0x1ea0);
    assert.equal(crcA(fromHex("1234")), 0xcf26);
  });
  it("finds every flipped bit", () => {
    const frame = withCrcA(fromHex("00a4040007d276000085010100"));
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const bad = frame.slice();
      bad[bit >> 3]! ^= 1 << (bit & 7);
      assert.equal(withoutCrcA(bad), undefined);
    }
  });
});

describe("air time at 106 kbit/s", () => {
  it("counts start, data, parity and end bits", () => {
    assert.equal(airTimeUs(shortFrame(0x26), "pcd"), 10 * ETU_US);
    assert.equal(airTimeUs(plainFrame(new Uint8Array(10)), "picc"), 92 * ETU_US);
  });
});

describe("activation", () => {
  it("is byte for byte the one that AN12196 Table 10 prints", () => {
    const picc = new Picc({ ...echoCard("041689aa5c5e80"), ats: fromHex("067777610280") });
    picc.powerOn();
    const say = (frame: Parameters<Picc["receive"]>[0], crc: boolean): string => {
      const reply = picc.receive(frame);
      const bytes = reply?.frame.bytes ?? new Uint8Array(0);
      return toHex(crc ? (withoutCrcA(bytes) ?? new Uint8Array(0)) : bytes);
    };
    assert.equal(say(shortFrame(0x26), false), "4403");
    assert.equal(say(plainFrame(fromHex("9320")), false), "8804168913");
    assert.equal(say(crcFrame(fromHex("93708804168913")), true), "04");
    assert.equal(say(plainFrame(fromHex("9520")), false), "aa5c5e8028");
    assert.equal(say(crcFrame(fromHex("9570aa5c5e8028")), true), "20");
    assert.equal(say(crcFrame(fromHex("e080")), true), "067777610280");
    assert.equal(say(crcFrame(fromHex("d01100")), true), "d0");
  });

  for (const uid of ["08123456", "04958caa5c5e80", "0411223344556677aabb"]) {
    it(`finds a UID of ${uid.length / 2} bytes`, async () => {
      const { field, run, world } = stage();
      field.enter(echoCard(uid));
      await world.runFor(5_000);
      assert.deepEqual(good(await run(request(false))), { atqa: 0x0344 });
      const found = good(await run(select()));
      assert.equal(toHex(found.uid), uid);
      assert.equal(found.sak, 0x20);
      assert.equal(found.collisions, 0);
    });
  }

  it("is not answered in the first 5 ms of power", async () => {
    const { field, run } = stage();
    field.enter(echoCard("04958caa5c5e80"));
    assert.deepEqual(await run(request(false)), { failed: "timeout", why: "no card" });
  });

  it("does not happen without a field", async () => {
    const { field, run, world } = stage();
    field.enter(echoCard("04958caa5c5e80"));
    await world.runFor(5_000);
    field.switchOff();
    assert.deepEqual(await run(request(false)), { failed: "timeout", why: "no card" });
  });

  it("finds two cards one after the other, whatever their UIDs", async () => {
    const uid = fc.uint8Array({ minLength: 7, maxLength: 7 });
    await fc.assert(
      fc.asyncProperty(uid, uid, async (a, b) => {
        const [first, second] = [toHex(a).replace(/^88/, "04"), toHex(b).replace(/^88/, "04")];
        fc.pre(
          first !== second &&
            !first.startsWith("88") &&
            first.slice(6, 8) !== "88" &&
            second.slice(6, 8) !== "88",
        );
        const { field, run, world } = stage();
        field.enter(echoCard(first));
        field.enter(echoCard(second));
        await world.runFor(5_000);
        good(await run(request(false)));
        const one = good(await run(select()));
        assert.ok(one.collisions > 0);
        await run(halt());
        good(await run(request(false)));
        const two = good(await run(select()));
        assert.deepEqual([toHex(one.uid), toHex(two.uid)].sort(), [first, second].sort());
        await run(halt());
        assert.ok(hasFailed(await run(request(false))), "halted cards ignore REQA");
        good(await run(request(true)));
        good(await run(selectKnown(two.uid)));
      }),
      { numRuns: 60 },
    );
  });
});

describe("ISO-DEP in the field", () => {
  it("carries APDUs of every length both ways, chained where FSC and FSD demand it", async () => {
    for (const fsdi of [5, 8]) {
      const { link, run } = await linkTo(echoCard("04958caa5c5e80"), fsdi);
      for (const length of [1, 5, 61, 62, 124, 125, 126, 250, 251, 261]) {
        const command = Uint8Array.from({ length }, (_, i) => i);
        const { response } = good(await run(link.exchange(command)));
        assert.equal(toHex(response), `${toHex(command)}9000`);
      }
    }
  });

  it("costs the time of its bytes, its frame delays and its chip, and nothing else", async () => {
    const { link, run, field, world } = await linkTo(echoCard("04958caa5c5e80", 2_500));
    const before = { ...field.stats };
    const start = world.nowUs();
    good(await run(link.exchange(fromHex("00a4040007d276000085010100"))));
    const took = world.nowUs() - start;
    const spent = (key: keyof typeof before): number => field.stats[key] - before[key];
    assert.equal(spent("pcdBytes"), 13 + 3);
    assert.equal(spent("piccBytes"), 13 + 2 + 3);
    const air = ((13 + 3 + 18) * 9 + 3 + 2) * ETU_US;
    assert.ok(Math.abs(spent("airUs") - air) < 1e-6);
    assert.ok(Math.abs(took - air - 2_500 - spent("delayUs") + 1172 / 13.56) < 200);
    assert.ok(Math.abs(took - spent("airUs") - spent("delayUs") - spent("chipUs")) < 1e-6);
  });

  it("gives a slow card the time that it asks for", async () => {
    const slow = echoCard("04958caa5c5e80", 400_000);
    const { link, run, world } = await linkTo(slow);
    const start = world.nowUs();
    good(await run(link.exchange(fromHex("0011"))));
    const took = world.nowUs() - start;
    assert.ok(took >= 400_000 && took < 405_000, `${took} µs`);
  });

  it("gives up on a card that is slow without asking", async () => {
    const { link, run, field, world } = await linkTo(echoCard("04958caa5c5e80", 50_000));
    const card = field.present()[0]!;
    field.leave(card);
    field.enter(card, { withoutWtx: true });
    await world.runFor(5_000);
    good(await run(request(false)));
    good(await run(select()));
    const again = good(await run(activate(8)));
    assert.deepEqual(await run(again.exchange(fromHex("0011"))), {
      failed: "timeout",
      why: "no answer",
    });
    assert.equal(link.format.fwtUs > 38_600 && link.format.fwtUs < 38_700, true);
  });

  it("asks again for a damaged block, if it may, without running the command twice", async () => {
    const card = echoCard("04958caa5c5e80", 1000, () => new Uint8Array(200));
    const { link, run, field, world } = await linkTo(card);
    field.leave(card);
    const faults = field.enter(card);
    await world.runFor(5_000);
    good(await run(request(false)));
    good(await run(select()));
    const again = good(await run(activate(5)));
    faults.garbledFrames = 2;
    const { response } = good(await run(again.exchange(fromHex("c0de"), 2)));
    assert.equal(response.length, 202);
    assert.equal(card.heard.filter((entry) => entry === "c0de").length, 1);
    faults.garbledFrames = 1;
    assert.deepEqual(await run(again.exchange(fromHex("c0de"))), {
      failed: "crc",
      why: "CRC_A does not fit",
    });
    assert.ok(link);
  });

  it("tells a card that is there from one that is not, without a command", async () => {
    const card = echoCard("04958caa5c5e80");
    const { link, run, field } = await linkTo(card);
    assert.equal(await run(link.isThere()), true);
    good(await run(link.exchange(fromHex("01"))));
    assert.equal(await run(link.isThere()), true);
    assert.equal(await run(link.isThere()), true);
    good(await run(link.exchange(fromHex("02"))));
    assert.deepEqual(card.heard, ["on", "01", "02"]);
    field.leave(card);
    assert.equal(await run(link.isThere()), false);
  });

  it("ends with DESELECT, after which only WUPA wakes the card", async () => {
    const card = echoCard("04958caa5c5e80");
    const { link, run } = await linkTo(card);
    assert.deepEqual(await run(link.deselect()), { deselected: true });
    assert.deepEqual(card.heard, ["on", "deselect"]);
    assert.ok(hasFailed(await run(request(false))));
    good(await run(request(true)));
    good(await run(selectKnown(card.uid)));
  });

  it("works with a CID", async () => {
    const { field, run, world } = stage();
    field.enter(echoCard("04958caa5c5e80"));
    await world.runFor(5_000);
    good(await run(request(false)));
    good(await run(select()));
    const link = good(await run(activate(5, 3)));
    const command = new Uint8Array(150);
    assert.equal(good(await run(link.exchange(command))).response.length, 152);
  });
});

describe("a card that leaves", () => {
  it("breaks the exchange at whatever air byte it goes, and never hangs the reader", async () => {
    const seen = new Set<string>();
    for (let bytes = 1; bytes <= 40; bytes++) {
      const card = echoCard("04958caa5c5e80");
      const { link, run, field } = await linkTo(card);
      field.leaveAfterBytes(card, bytes);
      const result = await run(link.exchange(fromHex("00a4040007d276000085010100")));
      seen.add(hasFailed(result) ? result.failed : "answered");
      assert.equal(card.heard.at(-1) === "off", bytes <= 34);
    }
    assert.deepEqual([...seen].sort(), ["answered", "crc", "timeout"]);
  });

  it("loses its state when the field blinks in mid-answer", async () => {
    const card = echoCard("04958caa5c5e80", 20_000);
    const { link, run, field, world } = await linkTo(card);
    world.after(10_000, () => {
      field.switchOff();
      field.switchOn();
    });
    assert.deepEqual(await run(link.exchange(fromHex("01"))), {
      failed: "timeout",
      why: "no answer",
    });
    assert.deepEqual(card.heard, ["on", "01", "off", "on"]);
  });

  it("can be called off by the reader in mid-air", async () => {
    const card = echoCard("04958caa5c5e80", 20_000);
    const { link, field, run, world } = await linkTo(card);
    const cancel = runInField(world, field, link.exchange(fromHex("01")), () =>
      assert.fail("done"),
    );
    await world.runFor(5_000);
    cancel();
    await world.runFor(100_000);
    good(await run(request(false)).then((r) => (hasFailed(r) ? { none: true } : r)));
  });
});

describe("a card's front end", () => {
  it("survives random frames in every state", () => {
    const frame = fc.tuple(
      fc.uint8Array({ maxLength: 140 }),
      fc.boolean(),
      fc.integer({ min: 0, max: 7 }),
    );
    fc.assert(
      fc.property(
        fc.constantFrom("idle", "ready", "active", "protocol"),
        fc.array(frame, { maxLength: 30 }),
        (state, frames) => {
          const card = echoCard("04958caa5c5e80");
          const picc = new Picc(card);
          picc.powerOn();
          if (state !== "idle") picc.receive(shortFrame(0x26));
          if (state === "active" || state === "protocol") {
            picc.receive(
              crcFrame(
                fromHex(
                  "93708804958c9d".replace("9d", toHex(Uint8Array.of(0x88 ^ 0x04 ^ 0x95 ^ 0x8c))),
                ),
              ),
            );
            picc.receive(
              crcFrame(fromHex(`9570aa5c5e80${toHex(Uint8Array.of(0xaa ^ 0x5c ^ 0x5e ^ 0x80))}`)),
            );
          }
          if (state === "protocol") picc.receive(crcFrame(fromHex("e050")));
          assert.equal(picc.state, state);
          for (const [bytes, crc, cut] of frames) {
            const sent = crc
              ? crcFrame(bytes)
              : { bytes, bits: Math.max(0, bytes.length * 8 - cut) };
            const reply = picc.receive(sent);
            if (reply) assert.ok(reply.frame.bytes.length <= 64 && reply.delayUs > 80);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

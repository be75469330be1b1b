import assert from "node:assert/strict";
import type { Card, CardAnswer } from "../../host-sim/nfc/card.ts";
import { cloneOf, StaticEmulator, skim } from "../../host-sim/nfc/clone.ts";
import type { Ntag424 } from "../../host-sim/nfc/ntag424.ts";
import { Simulation } from "../../host-sim/node/simulation.ts";
import type { MeasuredTap } from "../../host-sim/tap-watch.ts";
import type { HttpRequest, Random } from "../../protocol/platform.ts";

const BADGES = {
  alice: { kind: "good", mode: "STD", profile: "sealed", holder: "Alice" },
} as const;

async function ready({ seed }: { readonly seed: string }): Promise<Simulation> {
  const sim = await Simulation.create({ seed, badges: BADGES });
  await sim.ready();
  await sim.world.runFor(2_000_000);
  return sim;
}

const chip = async (sim: Simulation, name: keyof typeof BADGES): Promise<Ntag424> =>
  (await sim.badges.get(name)).card as Ntag424;

/** Holds a card of the test's own to the reader until the tap has ended. */
async function tapWith(sim: Simulation, card: Card): Promise<MeasuredTap | undefined> {
  const before = sim.watch.count;
  sim.board.field.enter(card, {});
  const ended = await sim.until(() => sim.watch.count > before, 15_000_000);
  sim.board.field.leave(card);
  await sim.world.runFor(3_000_000);
  return ended ? sim.watch.lastTap : undefined;
}

async function decisions(sim: Simulation) {
  const rows = await sim.backend.admin.auditRows(sim.tenant.tenantId);
  return rows.filter(({ kind }) => kind === "badge-decision").map(({ data }) => JSON.parse(data));
}

describe("a copy of a sealed badge", () => {
  it("of everything that can be read is denied, old or fresh, and raises an alarm", async () => {
    const sim = await ready({ seed: "sealed clone" });
    const old = cloneOf(await chip(sim, "alice"));
    assert.equal((await sim.tap("alice"))?.granted, true);
    await sim.world.runFor(8_000_000);
    assert.equal((await tapWith(sim, old))?.reason, "badge-cloned");
    const fresh = cloneOf(await chip(sim, "alice"));
    assert.equal((await tapWith(sim, fresh))?.reason, "card-status");
    assert.equal((await tapWith(sim, fresh))?.reason, "badge-cloned");
    assert.equal(sim.board.relay.windows().length, 1, "Alice's own");
    const alarms = await sim.backend.admin.alarms(sim.tenant.tenantId);
    assert.equal(alarms.length, 3);
    assert.equal((await sim.tap("alice"))?.granted, true, "the true one still opens");
  });

  it("that plays back a recorded dialogue is denied", async () => {
    const sim = await ready({ seed: "sealed tape" });
    const { card, faults } = await sim.badges.get("alice");
    const heard: Uint8Array[] = [];
    faults.onApdu = (command, response) => {
      if (command[0] === 0x90) heard.push(response.slice());
    };
    assert.equal((await sim.tap("alice"))?.granted, true);
    await sim.world.runFor(8_000_000);
    assert.equal(heard.length, 3);
    // The best case for the thief: a message of the chip that nobody has seen yet.
    const tap = await tapWith(sim, new TapePlayer(card, heard));
    assert.equal(tap?.reason, "card-proof-invalid");
    assert.equal(sim.board.relay.windows().length, 1);
    const last = (await decisions(sim)).at(-1);
    assert.deepEqual([last.granted, last.reason], [false, "card-proof-invalid"]);
  });

  it("that is played back between reader and server is a replay", async () => {
    const sim = await ready({ seed: "sealed replay" });
    const taken: HttpRequest[] = [];
    sim.network.intercept = (request, forward) => {
      if (request.url.includes("_sealed")) taken.push(request);
      return forward(request);
    };
    assert.equal((await sim.tap("alice"))?.granted, true);
    await sim.world.runFor(8_000_000);
    const edges = sim.board.relay.edges.length;
    assert.equal(taken.length, 3);
    for (const request of taken) {
      const again = await sim.backend.handle(request);
      assert.deepEqual([again.status, JSON.parse(again.body).code], [409, "replay"]);
    }
    await sim.world.runFor(8_000_000);
    assert.equal(sim.board.relay.edges.length, edges);
  });
});

describe("a sealed badge whose answers are altered between chip and reader", () => {
  it("never opens the door, and opens it when nobody alters them", async () => {
    const sim = await ready({ seed: "sealed fuzz" });
    const random = sim.world.rng("fuzz");
    const reasons = new Map<string, number>();
    for (let n = 0; n < 40; n++) {
      const tap = await tapWith(sim, new Meddler(await chip(sim, "alice"), random, n % 3));
      const reason = tap?.reason ?? String(tap?.granted);
      assert.match(reason, /^(card-|apdu-malformed)/);
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      // Whoever says that our key is wrong is left in peace, until the reader starts anew.
      if (reason === "card-key-wrong") sim.board.powerOff();
      await sim.world.runFor(5_000_000);
      await sim.ready();
    }
    assert.deepEqual(sim.board.relay.edges, []);
    console.log(`        ${JSON.stringify(Object.fromEntries(reasons))}`);
    assert.equal((await sim.tap("alice"))?.granted, true);
    assert.ok(sim.world.longestTurnUs < 50_000);
  }).timeout(60_000);
});

/** An emulator with a message fresh from the victim and its answers of an earlier dialogue. */
class TapePlayer extends StaticEmulator {
  readonly #heard: readonly Uint8Array[];
  #next = 0;

  constructor(victim: Card, heard: readonly Uint8Array[]) {
    const copy = skim(victim);
    super(victim.uid, () => copy);
    this.#heard = heard;
  }

  override apdu(command: Uint8Array): CardAnswer {
    if (command[0] !== 0x90) return super.apdu(command);
    return { response: this.#heard[this.#next++]!, timeUs: 1_500 };
  }
}

/** The true chip, with somebody between it and the reader who alters its n-th native answer. */
class Meddler implements Card {
  readonly #chip: Ntag424;
  readonly #random: Random;
  readonly #nth: number;
  #native = 0;

  constructor(chip: Ntag424, random: Random, nth: number) {
    this.#chip = chip;
    this.#random = random;
    this.#nth = nth;
  }

  get uid(): Uint8Array {
    return this.#chip.uid;
  }
  get atqa(): number {
    return this.#chip.atqa;
  }
  readonly sak = 0x20;
  get ats(): Uint8Array {
    return this.#chip.ats;
  }
  fieldOn(): void {
    this.#native = 0;
    this.#chip.fieldOn();
  }
  fieldOff(): void {
    this.#chip.fieldOff();
  }
  deselect(): void {
    this.#chip.deselect();
  }

  apdu(command: Uint8Array): CardAnswer {
    const answer = this.#chip.apdu(command);
    if (command[0] !== 0x90 || this.#native++ !== this.#nth) return answer;
    const [how, where, bit] = this.#random.bytes(3);
    const { response } = answer;
    if (how! < 64) return { ...answer, response: response.slice(0, where! % response.length) };
    if (how! < 128) return { ...answer, response: this.#random.bytes(2 + (where! % 150)) };
    const altered = response.slice();
    altered[where! % altered.length]! ^= 1 << (bit! & 7);
    return { ...answer, response: altered };
  }
}

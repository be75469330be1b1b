import assert from "node:assert/strict";
import { readText } from "../../host-sim/display/read-text.ts";
import type { Ntag424 } from "../../host-sim/nfc/ntag424.ts";
import { Simulation, type SimulationOptions } from "../../host-sim/node/simulation.ts";
import type { MeasuredTap } from "../../host-sim/tap-watch.ts";

const sealed = (kind: "good" | "other-tenant" | "revoked" | "not-entitled", holder: string) =>
  ({ kind, mode: "STD", profile: "sealed", holder }) as const;

const BADGES = {
  alice: sealed("good", "Alice"),
  bob: { ...sealed("good", "Bob"), mode: "HS" },
  foreign: sealed("other-tenant", "Freya"),
  revoked: sealed("revoked", "Rita"),
  outsider: sealed("not-entitled", "Otto"),
  olga: { kind: "good", mode: "STD", holder: "Olga" },
} as const;

/** A tap on an open badge: SELECT and READ. A sealed one has three APDUs more. */
const OPEN_APDUS = 2;
const SEALED_APDUS = 5;
/** Which of them begins the authentication. */
const PART_1 = 3;

async function ready(options: SimulationOptions): Promise<Simulation> {
  const sim = await Simulation.create({ badges: BADGES, ...options });
  await sim.ready();
  await sim.world.runFor(2_000_000);
  return sim;
}

const chip = async (sim: Simulation, name: keyof typeof BADGES): Promise<Ntag424> =>
  (await sim.badges.get(name)).card as Ntag424;

async function decisions(sim: Simulation) {
  const rows = await sim.backend.admin.auditRows(sim.tenant.tenantId);
  return rows.filter(({ kind }) => kind === "badge-decision").map(({ data }) => JSON.parse(data));
}

const screen = (sim: Simulation): string => readText(sim.board.display!.bitmap()).join("\n");

describe("a sealed badge", () => {
  it("opens the door, in both modes, and the reader's screen says to hold it still", async () => {
    const sim = await ready({ seed: "sealed" });
    const lines = new Set<string>();
    sim.board.reader!.onState(() => {
      const { title, lines: below } = sim.board.reader!.screen;
      lines.add(`${title} ${below.join("")}`);
    });
    for (const name of ["alice", "bob"] as const) {
      const tap = await sim.tap(name);
      assert.equal(tap?.granted, true, tap?.reason);
      await sim.world.runFor(5_000_000);
    }
    assert.ok(lines.has("CHECKING Hold the badge still"), [...lines].join("|"));
    assert.equal(sim.board.relay.windows().length, 2);
    assert.ok(sim.world.longestTurnUs < 50_000, `${sim.world.longestTurnUs} µs`);
  });

  it("opens it at a reader that holds no key of badges at all", async () => {
    const reader = { badge_profile: "sealed", df1: undefined };
    const sim = await ready({ seed: "no df1", reader });
    assert.equal(sim.config.df1, undefined);
    assert.equal((await sim.tap("alice"))?.granted, true);
    await sim.world.runFor(5_000_000);
    assert.equal((await sim.tap("olga"))?.reason, "tenant-mismatch", "an open badge cannot pass");
  });

  for (const [name, reason] of [
    ["foreign", "tenant-mismatch"],
    ["revoked", "badge-revoked"],
    ["outsider", "entitlement-denied"],
  ] as const)
    it(`that is ${BADGES[name].kind} is denied with ${reason}`, async () => {
      const sim = await ready({ seed: `sealed ${name}` });
      assert.equal((await sim.tap(name))?.reason, reason);
      assert.deepEqual(sim.board.relay.edges, []);
    });

  it("of another tenant is not asked for a proof, which it would count", async () => {
    const sim = await ready({ seed: "sealed foreign" });
    await sim.tap("foreign");
    assert.equal((await chip(sim, "foreign")).memory.failures[3]!.total, 0);
  });

  it("does not wear out: what the chip counts when it is pulled away, it gives back", async () => {
    const sim = await ready({ seed: "wear" });
    const { failures } = (await chip(sim, "alice")).memory;
    for (let tap = 0; tap < 3; tap++) {
      await pulledAt(sim, PART_1);
      await sim.world.runFor(3_000_000);
    }
    assert.equal(failures[3]!.total, 3, "the chip counts what was begun");
    assert.equal((await sim.tap("alice"))?.granted, true);
    assert.deepEqual([failures[3]!.total, failures[3]!.consecutive], [0, 0]);
  });
});

/** Lets Alice's badge vanish at the n-th APDU, from 1 on: before its answer is out. */
async function pulledAt(sim: Simulation, nth: number): Promise<MeasuredTap | undefined> {
  const { card, faults } = await sim.badges.get("alice");
  const { field } = sim.board;
  const before = sim.watch.count;
  let apdus = 0;
  const onApdu = () => {
    if (++apdus === nth) field.leave(card);
  };
  field.enter(card, { ...faults, onApdu });
  await sim.until(() => sim.watch.count > before, 8_000_000);
  field.leave(card);
  return sim.watch.count > before ? sim.watch.lastTap : undefined;
}

describe("a sealed badge in trouble", () => {
  it("that is pulled away at any APDU gives HOLD BADGE STILL, and the next tap works", async () => {
    const sim = await ready({ seed: "sealed pulled" });
    for (let nth = 1; nth <= SEALED_APDUS; nth++) {
      const windows = sim.board.relay.windows().length;
      const before = (await decisions(sim)).length;
      const tap = await pulledAt(sim, nth);
      assert.equal(tap?.reason, "badge-moved", `APDU ${nth}`);
      await sim.world.runFor(100_000);
      assert.match(screen(sim), /HOLD BADGE STILL/);
      assert.equal(sim.board.relay.windows().length, windows);
      assert.equal((await decisions(sim)).length, before, "no decision was made");
      await sim.world.runFor(4_000_000);
      assert.equal((await sim.tap("alice"))?.granted, true, `after APDU ${nth}`);
      await sim.world.runFor(4_000_000);
    }
  });

  it("that is pulled away at any byte of it, too", async () => {
    const sim = await ready({ seed: "sealed bytes" });
    let pulled = 0;
    for (let cut = 5; cut < 520; cut += 23) {
      const before = sim.watch.count;
      const windows = sim.board.relay.windows().length;
      await sim.enterUntilByte("alice", cut);
      await sim.until(() => sim.watch.count > before, 5_000_000);
      await sim.leave("alice");
      const tap = sim.watch.count > before ? sim.watch.lastTap : undefined;
      if (tap?.granted !== true) {
        pulled++;
        assert.equal(tap?.reason, "badge-moved", `cut at byte ${cut}`);
        assert.equal(sim.board.relay.windows().length, windows);
      }
      await sim.world.runFor(4_000_000);
      assert.equal((await sim.tap("alice"))?.granted, true, `after a cut at byte ${cut}`);
      await sim.world.runFor(4_000_000);
    }
    assert.ok(pulled >= 18, `${pulled} cuts were felt`);
  }).timeout(60_000);

  for (const lost of [1, 2])
    it(`and a server that restarts after message ${lost}: denied, and the next tap opens`, async () => {
      const sim = await ready({ seed: `sealed restart ${lost}` });
      let messages = 0;
      sim.network.intercept = async (request, forward) => {
        const answer = await forward(request);
        if (request.url.includes("_sealed") && ++messages === lost) sim.backend.restart();
        return answer;
      };
      assert.equal((await sim.tap("alice"))?.reason, "challenge-used");
      assert.deepEqual(sim.board.relay.edges, []);
      assert.equal((await decisions(sim)).length, 1, "one row for the tap");
      await sim.world.runFor(5_000_000);
      assert.equal((await sim.tap("alice"))?.granted, true);
    });

  it("and an answer that never comes: shut, and the next tap opens", async () => {
    const sim = await ready({ seed: "sealed silence" });
    for (const path of ["it_begin_sealed", "it_continue_sealed"]) {
      sim.network.faults.inject({ kind: "delay", ms: 4_000 }, { path });
      assert.equal((await sim.tap("alice"))?.reason, "network-timeout");
      await sim.world.runFor(10_000_000);
      assert.deepEqual(sim.board.relay.edges, []);
    }
    assert.equal((await sim.tap("alice"))?.granted, true);
  });

  it("whose chip has another key is tried once, then left in peace for a while", async () => {
    const sim = await ready({ seed: "sealed other key" });
    const { memory } = await chip(sim, "alice");
    memory.keys[3] = { value: new Uint8Array(16).fill(1), version: 1 };
    for (let tap = 0; tap < 3; tap++) {
      assert.equal((await sim.tap("alice"))?.reason, "card-key-wrong");
      await sim.world.runFor(2_500_000);
    }
    assert.equal(memory.failures[3]!.total, 1, "one attempt for three taps");
  });

  it("whose chip makes us wait opens the door all the same", async () => {
    const sim = await ready({ seed: "sealed delay" });
    const { memory } = await chip(sim, "alice");
    Object.assign(memory.failures[3]!, { total: 60, consecutive: 54 });
    assert.equal((await sim.tap("alice"))?.granted, true);
    assert.equal(memory.failures[3]!.consecutive, 0);
  });
});

describe("what sealing adds to a tap", () => {
  it("is three APDUs and two round trips, and nothing for open badges", async () => {
    const rows: [string, number, MeasuredTap][] = [];
    for (const [title, name, reader] of [
      ["open", "olga", {}],
      ["sealed, reader set to open", "alice", {}],
      ["sealed, reader set to sealed", "alice", { badge_profile: "sealed" }],
    ] as const) {
      const sim = await ready({ seed: "sealed cost", reader });
      const { faults } = await sim.badges.get(name);
      let apdus = 0;
      faults.onApdu = () => void apdus++;
      const tap = (await sim.tap(name))!;
      assert.equal(tap.granted, true);
      assert.equal(apdus, name === "olga" ? OPEN_APDUS : SEALED_APDUS);
      assert.equal(tap.usage.networkRequests, name === "olga" ? 1 : 3);
      assert.ok(sim.world.longestTurnUs < 50_000);
      rows.push([title, apdus, tap]);
    }
    print(rows);
    const [open, , own] = rows.map(([, , tap]) => tap);
    // Three round trips instead of one, and about 270 bytes of APDUs instead of 240 and 150 more.
    assert.ok(own!.tookUs < 2.5 * open!.tookUs, `${own!.tookUs} µs to ${open!.tookUs} µs`);
  });
});

function print(rows: readonly (readonly [string, number, MeasuredTap])[]): void {
  const ms = (us: number) => (us / 1000).toFixed(1).padStart(8);
  console.log(
    `      ${"tap, ms".padEnd(30)}   total     bus     air    chip  crypto network APDU RTT`,
  );
  for (const [title, apdus, { tookUs, usage }] of rows) {
    const { nfcBusUs, airUs, cardUs, cryptoUs, networkUs, networkRequests } = usage;
    const parts = [tookUs, nfcBusUs, airUs, cardUs, cryptoUs, networkUs].map(ms).join("");
    console.log(`      ${title.padEnd(30)}${parts} ${apdus} ${networkRequests}`);
  }
}

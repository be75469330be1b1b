import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { NfcField } from "../../host-sim/nfc/field.ts";
import { openPn532Uart } from "../../host-sim/node/pn532-uart.ts";
import { World } from "../../host-sim/world/world.ts";
import type { CardStart } from "../../protocol/badge/card-step.ts";
import { fromHex } from "../../protocol/encoding/hex.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { startServer } from "../../server/start.ts";
import { pn532CardChannel } from "../../tools/badge/card-channel.ts";
import { relayCard } from "../../tools/badge/card-server.ts";
import { localCardServer, remoteCardServer } from "../../tools/badge/card-server-launcher.ts";
import { openSimChip } from "../../tools/badge/sim-chip-channel.ts";
import { openPn532 } from "../../tools/pn532-port.ts";
import { readerBench } from "../hal/reader-bench.ts";
import { blankChip, NEW, NEW_SEALED, PROFILES } from "../server/card-bench.ts";
import { Desk } from "../server/desk.ts";
import { FakeWorld } from "./fake-context.ts";

/** AN12196 r1.8 Table 30. */
const ORIGINAL_UID = "04518dfaa96180";
const ORIGINAL_SIGNATURE =
  "d1940d17cfeda4bff80359ab975f9f6514313e8f90c1d3caaf5941ad744a1cdf" +
  "9a83f883cafe0fe95d1939b1b7e47113993324473b785d21";

describe("latchkey badge", function () {
  this.timeout(60_000);
  let folder: string;
  let world: FakeWorld;
  let server: Awaited<ReturnType<typeof startServer>>;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "latchkey-badge-"));
    server = await startServer({ folder: join(folder, ".latchkey/server") });
  });
  after(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    world = new FakeWorld({
      cwd: folder,
      openCard: async (place) => {
        assert.ok("simFile" in place);
        return await openSimChip(place.simFile);
      },
      openCardServer: async (place) =>
        "url" in place
          ? remoteCardServer(place.url, place.token)
          : await localCardServer(place.dataFolder),
    });
  });
  const badge = (...words: string[]) => world.run("badge", ...words);

  for (const profile of ["open", "sealed"]) {
    it(`enrols, inspects, locks, rekeys and wipes a simulated chip: ${profile}`, async () => {
      const words = ["--sim", `ada-${profile}`];
      const order = ["new", "--profile", profile, "--holder", "Ada", ...words];
      const made = await badge(...order);
      assert.equal(made.exitCode, 0, made.err);
      assert.match(made.out, /of Ada is enrolled/);
      assert.match((await badge(...order)).out, /already/);
      const seen = await badge("inspect", ...words);
      assert.match(seen.out, /enrolled/);
      assert.match(seen.out, /genuine/);
      assert.match(seen.out, new RegExp(`profile +${profile}`));
      assert.match((await badge("lock", ...words)).out, /is locked/);
      assert.match((await badge("rekey", ...words)).out, /has new keys/);
      assert.match((await badge("wipe", ...words)).out, /is blank/);
      const file = join(folder, `.latchkey/chips/ada-${profile}.json`);
      assert.equal(statSync(file).mode & 0o777, 0o600);
    });
  }

  it("works through a server elsewhere with a manager's token, which it does not print", async () => {
    const { firstStart, url } = server;
    const { tenantId } = firstStart!.tenant;
    const where = ["--sim", "bob", "--url", url, "--tenant", tenantId];
    const without = await badge("new", "--holder", "Bob", ...where);
    assert.equal(without.exitCode, 2);
    assert.match(without.err, /LATCHKEY_TOKEN/);
    const token = firstStart!.adminToken;
    Object.assign(world.context, { env: { LATCHKEY_TOKEN: token } });
    const made = await badge("new", "--holder", "Bob", ...where, "--json");
    assert.equal(made.exitCode, 0, made.out);
    assert.equal(
      (world.events().find(({ type }) => type === "done")?.["fields"] as { state?: string })?.state,
      "enrolled",
    );
    assert.ok(!made.out.includes(token) && !made.err.includes(token));
    Object.assign(world.context, { env: { LATCHKEY_TOKEN: "lka_wrong" } });
    const wrong = await badge("wipe", ...where);
    assert.equal(wrong.exitCode, 4);
    assert.match(wrong.err, /unauthenticated/);
  });

  it("says what is missing or does not fit, before it looks for a card", async () => {
    world = new FakeWorld();
    const cases: readonly (readonly [string[], RegExp])[] = [
      [[], /one of new, inspect/],
      [["nwe"], /did you mean `new`/],
      [["new", "--sim", "a"], /--holder is needed/],
      [["new", "--holder", "A"], /--port for a real reader/],
      [["new", "--holder", "A", "--sim", "a", "--port", "/dev/x"], /--port for a real reader/],
      [["new", "--holder", "A", "--sim", "../a"], /--sim is a name/],
      [["new", "--holder", "A", "--mode", "HS", "--sim", "a"], /HS needs it/],
      [["new", "--holder", "A", "--mode", "hs", "--sim", "a"], /must be STD or HS/],
      [["new", "--holder", "A", "--profile", "shut", "--sim", "a"], /must be open or sealed/],
      [["wipe", "--profile", "sealed", "--sim", "a"], /belongs to `latchkey badge new`/],
      [["wipe", "--holder", "A", "--sim", "a"], /belongs to `latchkey badge new`/],
      [["wipe", "--for-good", "--sim", "a"], /belongs to `latchkey badge lock`/],
    ];
    for (const [words, message] of cases) {
      const { exitCode, err } = await badge(...words);
      assert.equal(exitCode, 2, words.join(" "));
      assert.match(err, message);
    }
  });

  it("tells a chip with NXP's signature from one without", async () => {
    assert.equal((await badge("verify-original", "--sim", "eve")).exitCode, 1);
    const chip = blankChip(fromHex(ORIGINAL_UID));
    Object.assign(chip.memory, { signature: fromHex(ORIGINAL_SIGNATURE) });
    chip.fieldOn();
    const card = {
      uid: chip.uid,
      transceive: async (apdu: Uint8Array) => chip.apdu(apdu).response,
      close: async () => {},
    };
    world = new FakeWorld({ openCard: async () => card });
    const { exitCode, out } = await badge("verify-original", "--port", "/dev/x");
    assert.equal(exitCode, 0, out);
    chip.memory.signature![9]! ^= 1;
    assert.equal((await badge("verify-original", "--port", "/dev/x")).exitCode, 1);
  });
});

describe("a card at a PN532", () => {
  for (const profile of PROFILES)
    it(`is enrolled through the simulated board, byte by byte on the bus: ${profile}`, async () => {
      const desk = new Desk();
      const { tenantId } = await desk.tenant();
      const bench = readerBench();
      const chip = blankChip();
      bench.field.enter(chip);
      const outcome = await bench.run(
        (async () => {
          await bench.pn532.open();
          const card = await pn532CardChannel(bench.pn532);
          const order = { ...NEW, profile, tenantId, badgeUid: card.uid };
          return await desk.service.admin.card(order, card.transceive);
        })(),
      );
      assert.equal(outcome.state, "enrolled");
      assert.ok(chip.memory.keys.every(({ version }) => version === 1));
      desk.close();
    });

  it("is enrolled at a serial port of this computer", async function () {
    this.timeout(60_000);
    if (spawnSync("sh", ["-c", "command -v socat"], { stdio: "ignore" }).status !== 0) {
      if (process.env["CI"] === "true") throw new Error("socat not installed");
      console.warn("SKIPPED: no serial port to test with: socat not installed");
      this.skip();
    }
    const desk = new Desk();
    const { tenantId } = await desk.tenant();
    const world = new World({ seed: "port", idle: () => nextTurn() });
    const field = new NfcField(world);
    const uart = await openPn532Uart(world, field);
    const chip = blankChip();
    field.enter(chip);
    const pn532 = await openPn532(uart.path);
    try {
      const card = await pn532CardChannel(pn532);
      const order = { ...NEW_SEALED, tenantId, badgeUid: card.uid };
      const { state, changed } = await desk.service.admin.card(order, card.transceive);
      assert.deepEqual([state, changed], ["enrolled", true]);
    } finally {
      await pn532.close();
      uart.close();
      desk.close();
    }
  });

  it("tells the server when it is pulled away, and says badge-moved", async () => {
    const posts: object[] = [];
    const start: CardStart = {
      kind: "start",
      ...NEW,
      tenantId: crypto.randomUUID(),
      badgeUid: new Uint8Array(7),
    };
    const answer = { run_id: crypto.randomUUID(), apdu: "AKQEDAA" };
    const post = async (_path: string, body: object) => {
      posts.push(body);
      return { status: 200, body: JSON.stringify(answer) };
    };
    const transceive = async () => {
      throw new LatchkeyError("badge-moved");
    };
    await assert.rejects(relayCard(post, start, { transceive }), { code: "badge-moved" });
    assert.deepEqual(posts.at(-1), { run_id: answer.run_id, lost: true });
  });

  it("is refused when there are two, or none of the right kind", async () => {
    const target = (sak: number) => ({ tg: 1, uid: new Uint8Array(7), sak, atqa: 0x44, ats: [] });
    const reader = (targets: object[]) =>
      ({ inListPassiveTarget: async () => targets }) as unknown as Parameters<
        typeof pn532CardChannel
      >[0];
    await assert.rejects(pn532CardChannel(reader([target(0x20), target(0x20)])), {
      code: "several-badges",
    });
    await assert.rejects(pn532CardChannel(reader([target(0x00)])), { code: "card-unsupported" });
    await assert.rejects(pn532CardChannel(reader([]), { aborted: true }), { code: "cancelled" });
    await assert.rejects(pn532CardChannel(reader([])), { code: "card-timeout" });
  });
});

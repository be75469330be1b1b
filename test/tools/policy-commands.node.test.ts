import assert from "node:assert/strict";
import { badge, Desk, reasonOf } from "../server/desk.ts";
import { FakeWorld } from "./fake-context.ts";

/** 2026-03-01 12:00 UTC, a Sunday. */
describe("latchkey person, zone, schedule, holiday, entitlement", () => {
  let desk: Desk;
  let world: FakeWorld;
  beforeEach(async () => {
    desk = new Desk();
    await desk.tenant();
    const { admin } = desk.service;
    const [tenant] = await admin.tenants();
    const { tenantId } = tenant!;
    const ask = (path: string, body = {}) => admin.ask(path, { tenant_id: tenantId, ...body });
    world = new FakeWorld({ openManager: async () => ({ tenantId, ask, close: async () => {} }) });
  });
  afterEach(() => desk.close());

  async function run(...words: string[]): Promise<string> {
    const { exitCode, out, err } = await world.run(...words);
    assert.equal(exitCode, 0, err);
    return out;
  }
  async function fields(...words: string[]): Promise<Record<string, string>> {
    const { err } = await world.run(...words, "--json");
    const done = world.events().find(({ type }) => type === "done");
    assert.ok(done, err);
    return done["fields"] as Record<string, string>;
  }
  const fails = async (...words: string[]) => {
    const { exitCode, err } = await world.run(...words);
    assert.equal(exitCode, 2, `${words.join(" ")}: ${err}`);
    return err;
  };

  async function house(): Promise<void> {
    await run("holiday", "add", "de", "--day", "12-25", "--day", "12-24 08:00-12:00");
    await run("zone", "site", "hq", "--time-zone", "Europe/Berlin", "--holidays", "de");
    await run("zone", "set", "lab", "--site", "hq", "--passback");
    await run(
      "schedule",
      "set",
      "day",
      "--open",
      "mon-fri 08:00-18:00",
      "--open",
      "sun 13:00-14:00",
    );
  }

  it("make a house, let somebody in, and forgive", async () => {
    await house();
    const [tenant] = await desk.service.admin.tenants();
    const { tenantId } = tenant!;
    const node = await desk.node(await desk.service.admin.provisioning(tenantId)).boot();
    const card = await badge(desk.service, tenantId);
    const uid = Buffer.from(card.uid).toString("hex");
    await run("zone", "reader", node.nodeUid, "--zone", "lab");
    const { person } = await fields("person", "add", "Ada", "--group", "staff");
    await run("person", "give", person!, "--badge", uid);
    assert.equal(reasonOf(await node.tap(card)), "entitlement-denied");
    const grant = ["--group", "staff", "--zone", "lab", "--schedule", "day"];
    const { entitlement } = await fields("entitlement", "add", ...grant);
    assert.equal(reasonOf(await node.tap(card)), "granted");
    assert.equal(reasonOf(await node.tap(card)), "passback");
    assert.match(await run("person", "where", person!), /lab +inside/);
    assert.equal((await fields("person", "forgive", person!))["zones"], 1);
    assert.equal(reasonOf(await node.tap(card)), "granted");
    const may = async (...more: string[]) =>
      fields("person", "may", person!, "--zone", "lab", ...more);
    assert.equal((await may())["decision"], "granted");
    assert.equal((await may("--at", "2026-12-25T10:00:00Z"))["decision"], "outside-schedule");
    assert.equal((await may("--at", "2026-12-25T10:00:00Z", "--leaving"))["decision"], "granted");
    await run("zone", "reader", node.nodeUid, "--zone", "lab", "--out");
    assert.equal(reasonOf(await node.tap(card)), "granted");
    await run("person", "set", person!, "--status", "suspended", "--no-groups");
    assert.equal(reasonOf(await node.tap(card)), "person-suspended");
    await run("entitlement", "remove", entitlement!);
    assert.equal((await may())["decision"], "person-suspended");
  });

  it("show what there is", async () => {
    await house();
    await run(
      "zone",
      "set",
      "vault",
      "--site",
      "hq",
      "--passback-seconds",
      "60",
      "--soft",
      "--first-person",
    );
    const zones = await run("zone", "list");
    assert.match(zones, /hq +Europe\/Berlin, holidays de/);
    assert.match(zones, /lab +at hq, anti-passback\n/);
    assert.match(zones, /vault +at hq, not again within 60 s, soft, first person opens/);
    assert.match(
      await run("schedule", "list"),
      /day +mon,tue,wed,thu,fri 08:00-18:00; sun 13:00-14:00/,
    );
    assert.match(await run("holiday", "list"), /de +12-25 closed; 12-24 08:00-12:00/);
    await run("holiday", "drop", "de", "--day", "12-25");
    assert.doesNotMatch(await run("holiday", "list"), /12-25/);
    await run("person", "add", "Ada", "--group", "staff");
    assert.match(await run("person", "list"), /Ada +staff +active/);
    const term = ["--from", "2026-01-01T00:00:00Z", "--until", "2027-01-01T00:00:00+01:00"];
    await run("entitlement", "add", "--group", "staff", "--zone", "*", "--opens", ...term);
    const listed = await run("entitlement", "list");
    assert.match(listed, /group staff to \*; at any time; from 2026-01-01T00:00:00Z; until/);
    assert.match(listed, /until 2026-12-31T23:00:00Z; opens it for others/);
    assert.match(await run("zone", "remove", "vault"), /gone/);
  });

  it("say what was wrong with the command line", async () => {
    await house();
    assert.match(await fails("person"), /one of add, set, list/);
    assert.match(await fails("person", "giev", "x"), /did you mean `give`/);
    assert.match(await fails("person", "add"), /person add <label>/);
    assert.match(await fails("person", "list", "x"), /person list/);
    assert.match(await fails("person", "list", "--badge", "x"), /does not belong to/);
    assert.match(await fails("person", "give", "x", "--badge", "04AA"), /14 hexadecimal/);
    assert.match(await fails("person", "set", "x", "--status", "gone"), /active, suspended/);
    assert.match(await fails("zone", "set", "lab"), /--site is needed/);
    assert.match(await fails("zone", "set", "lab", "--site", "hq", "--soft"), /passback/);
    assert.match(await fails("schedule", "set", "x", "--open", "fri-mon 08:00-10:00"), /no day/);
    assert.match(await fails("schedule", "set", "x", "--open", "always"), /mon-fri/);
    assert.match(await fails("holiday", "add", "de", "--day", "12-24 morning"), /08:00-12:00/);
    assert.match(await fails("holiday", "add", "de"), /--day is needed/);
    assert.match(await fails("holiday", "drop", "de", "--day", "01-01"), /has no/);
    assert.match(await fails("entitlement", "add", "--zone", "lab"), /--person or --group/);
    const local = ["--group", "g", "--zone", "lab", "--from", "2026-01-01T00:00:00"];
    assert.match(await fails("entitlement", "add", ...local), /2027-01-01T00:00:00Z/);
  });

  it("pass on what the rules refuse", async () => {
    await house();
    for (const words of [
      ["zone", "site", "moon", "--time-zone", "Moon/Tranquility"],
      ["zone", "set", "x", "--site", "moon"],
      ["entitlement", "add", "--group", "g", "--zone", "attic"],
      ["person", "set", "nobody", "--label", "x"],
    ]) {
      const { exitCode, err } = await world.run(...words);
      assert.ok(exitCode !== 0, words.join(" "));
      assert.match(err, /rule-unknown|malformed|There is no|not have the form/);
    }
  });
});

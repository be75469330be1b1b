import assert from "node:assert/strict";
import { toBase64 } from "../../protocol/encoding/base64.ts";
import { agency } from "../protocol/human-agency.ts";
import { NOW } from "../protocol/human-family.ts";
import { Desk } from "../server/desk.ts";
import { FakeWorld } from "./fake-context.ts";

const VISITS = agency("https://visits.example", 60);

describe("latchkey issuer", () => {
  let desk: Desk;
  let world: FakeWorld;
  let tenantId: string;
  beforeEach(async () => {
    desk = new Desk();
    desk.nowMs = NOW * 1000;
    ({ tenantId } = await desk.tenant());
    const { admin } = desk.service;
    const ask = (path: string, body = {}) => admin.ask(path, { tenant_id: tenantId, ...body });
    world = new FakeWorld({ openManager: async () => ({ tenantId, ask, close: async () => {} }) });
    const certificate = toBase64(VISITS.anchor.certificate);
    const anchor = JSON.stringify({ issuer: VISITS.issuer.id, certificate });
    world.files.set("/desk/anchor.json", anchor);
  });
  afterEach(() => desk.close());

  async function good(...words: string[]): Promise<string> {
    const { exitCode, out, err } = await world.run("issuer", ...words);
    assert.equal(exitCode, 0, err);
    return out;
  }
  const bad = async (...words: string[]) => {
    const { exitCode, err } = await world.run("issuer", ...words);
    assert.notEqual(exitCode, 0, words.join(" "));
    return err;
  };

  it("trusts another issuer with zones, tells of it, and ends it", async () => {
    const where = ["--zone", "lab", "--zone", "lobby", "--status-host", "visits.example"];
    assert.match(await good("trust", "anchor.json", ...where), /invite to lab, lobby/);
    const listed = await good("list");
    assert.match(listed, /visits\.example +lab, lobby; urn:latchkey:door-visitor:1/);
    await good("distrust", "https://visits.example");
    assert.ok(!(await good("list")).includes("visits.example"));
    assert.match(await bad("distrust", "https://visits.example"), /not-found/);
  });

  it("says what is missing or wrong", async () => {
    assert.match(await bad("trust", "anchor.json", "--status-host", "x.example"), /--zone/);
    assert.match(await bad("trust", "anchor.json", "--zone", "lab"), /--status-host/);
    assert.match(await bad("trust", "none.json", "--zone", "lab"), /none\.json/);
    const wrong = ["--zone", "lab", "--status-host", "x.example", "--type", "door"];
    assert.match(await bad("trust", "anchor.json", ...wrong), /doorVisitor/);
    assert.match(await bad("withdraw", "one"), /number/);
    assert.match(await bad("withdraw", "1"), /rotate first/);
  });

  it("gives the tenant's issuer another key, and tells verifiers which are gone", async () => {
    assert.match(await good("rotate"), /Key 2 signs/);
    assert.match(await good("list"), /key 1 +counts.*\n.*key 2 +signs/);
    assert.match(await good("withdraw", "1"), /issuer publish/);
    assert.match(await good("list"), /key 1 +withdrawn/);
    await good("publish", "--out", "own.json");
    const { withdrawn, issuer } = JSON.parse(String(world.files.get("/desk/own.json")));
    assert.deepEqual(withdrawn, ["02"]);
    assert.match(issuer, /^did:lastid:/);
  });
});

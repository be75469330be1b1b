import assert from "node:assert/strict";
import { LatchkeyError } from "../../protocol/errors.ts";
import { ALICE, ALICE_ID, BOB } from "../protocol/human-words.ts";
import { Desk } from "../server/desk.ts";
import { FakeWorld } from "./fake-context.ts";

const NOW_MS = 1_700_000_000_000;
const URL_ = "https://id.example";

describe("latchkey human, with a registry", () => {
  let desk: Desk;
  let world: FakeWorld;
  let tenantId: string;
  let down: boolean;
  beforeEach(async () => {
    desk = new Desk();
    desk.nowMs = NOW_MS;
    down = false;
    ({ tenantId } = await desk.tenant());
    const { admin } = desk.service;
    const ask = (path: string, body = {}) => admin.ask(path, { tenant_id: tenantId, ...body });
    world = new FakeWorld({
      nowMs: () => desk.nowMs,
      openManager: async () => ({ tenantId, ask, close: async () => {} }),
      async postJson(url, body) {
        if (down) throw new LatchkeyError("network-failed");
        assert.ok(url.startsWith(`${URL_}/`), url);
        return await desk.post(url.slice(URL_.length + 1), body);
      },
    });
    world.files.set("/desk/alice.txt", ALICE);
    world.files.set("/desk/bob.txt", BOB);
  });
  afterEach(() => desk.close());

  const human = (...words: string[]) => world.run("human", ...words);
  async function good(...words: string[]): Promise<string> {
    const { exitCode, out, err } = await human(...words);
    assert.equal(exitCode, 0, err);
    return out;
  }
  async function bad(code: string, ...words: string[]): Promise<string> {
    const { exitCode, err } = await human(...words);
    assert.notEqual(exitCode, 0, words.join(" "));
    assert.ok(err.includes(code), err);
    return err;
  }
  async function enrolled(): Promise<void> {
    await good("recover", "--words", "alice.txt");
    const token = /lkp_[A-Za-z0-9_-]{43}/.exec(await good("invite"))![0];
    Object.assign(world.context.env, { LATCHKEY_INVITATION: token });
    const place = ["--url", `${URL_}/`, "--tenant", tenantId];
    await good("enrol", ...place, "--words", "alice.txt");
  }

  it("enrols, adds devices, tells how the account is, and revokes by another device", async () => {
    await enrolled();
    for (const name of ["laptop", "phone"])
      assert.match(await good("device", "add", name, "--words", "alice.txt"), /registry has/);
    world.files.delete("/desk/alice.txt");
    assert.equal((await good("account")).match(/speaks for you/g)?.length, 2);
    desk.nowMs += 1000;
    assert.match(await good("device", "revoke", "phone", "--lost"), /generation/);
    desk.nowMs += 1000;
    const account = await good("account");
    assert.match(account, /generation +1/);
    assert.equal(account.match(/speaks for you/g)?.length, 1);
    assert.equal(account.match(/revoked/g)?.length, 1);
    await bad("statement-invalid", "account", "--by", "phone");
    await bad("certificate-revoked", "device", "join", "phone");
    const rows = JSON.stringify(await desk.service.admin.auditRows(tenantId, 100));
    assert.ok(rows.includes("human-device-revoked") && !rows.includes(ALICE_ID));
  });

  it("tells no lie when the registry does not answer", async () => {
    await enrolled();
    await good("device", "add", "laptop", "--words", "alice.txt");
    down = true;
    const said = await human("device", "add", "phone", "--words", "alice.txt");
    assert.notEqual(said.exitCode, 0);
    assert.match(said.out, /device join phone/);
    down = false;
    await good("device", "join", "phone");
    down = true;
    await bad("network-failed", "device", "revoke", "phone");
    const revoked = String(world.files.get("/desk/.latchkey/human/revoked.json"));
    assert.deepEqual(JSON.parse(revoked).revoked, [], "neither here nor there");
    down = false;
    desk.nowMs += 1000;
    await good("device", "revoke", "phone");
    desk.nowMs += 1000;
    assert.equal((await good("account")).match(/speaks for you/g)?.length, 1);
  });

  it("lets its owner recover: another computer, the words, and the stolen device goes", async () => {
    await enrolled();
    await good("device", "add", "phone", "--words", "alice.txt");
    const stolen = /([0-9a-f]{32}) +speaks/.exec(await good("account"))![1]!;
    const there = ["--folder", "new"];
    await good("recover", "--words", "alice.txt", ...there);
    await good("device", "add", "laptop", "--words", "alice.txt", ...there);
    await bad("human enrol", "device", "join", "laptop", ...there);
    const place = ["--url", URL_, "--tenant", tenantId];
    await good("device", "join", "laptop", ...place, ...there);
    await good("device", "revoke", "--serial", stolen, "--lost", ...there);
    const account = await good("account", ...there);
    assert.match(account, new RegExp(`${stolen} +revoked`));
    assert.match(account, /generation +1/);
    desk.nowMs += 1000;
    await bad("statement-invalid", "account");
  });

  it("says what is missing, and takes no other root's words", async () => {
    await good("recover", "--words", "alice.txt");
    await bad("LATCHKEY_INVITATION", "enrol", "--url", URL_, "--tenant", tenantId);
    await bad("human enrol", "account");
    Object.assign(world.context.env, { LATCHKEY_INVITATION: "lkp_wrong" });
    const place = ["--url", URL_, "--tenant", tenantId, "--words"];
    await bad("invitation-invalid", "enrol", ...place, "alice.txt");
    const token = /lkp_[A-Za-z0-9_-]{43}/.exec(await good("invite"))![0];
    Object.assign(world.context.env, { LATCHKEY_INVITATION: token });
    await bad("another root", "enrol", ...place, "bob.txt");
    await good("enrol", ...place, "alice.txt");
    await bad("invitation-invalid", "enrol", ...place, "alice.txt");
    await bad("none of this computer's devices", "account");
  });
});

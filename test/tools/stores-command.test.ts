import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openServiceFolder, rotateFolderVault } from "../../server/start.ts";
import type { ServeOptions } from "../../tools/cli/context.ts";
import { openLocalService } from "../../tools/local-service.ts";
import { FakeWorld } from "./fake-context.ts";

/** What `serve` would have been started with. */
async function asked(env: Record<string, string>, ...words: string[]) {
  let options: ServeOptions | undefined;
  const world = new FakeWorld({
    env,
    serve: async (given) => {
      options = given;
      throw new Error("enough");
    },
  });
  const run = await world.run("serve", ...words);
  return { stores: options?.stores, said: run.err + run.out, exitCode: run.exitCode };
}

describe("the command line, where data is elsewhere", () => {
  it("takes databases and Redis from its options, a file from the folder it is called in", async () => {
    const network = ["--database", "mysql://u@db/x", "--redis", "redis://cache"];
    const { stores } = await asked({}, ...network);
    assert.deepEqual(stores, { database: "mysql://u@db/x", redis: "redis://cache" });
    assert.deepEqual((await asked({}, "--database", "my.db")).stores, { database: "/desk/my.db" });
    assert.deepEqual((await asked({})).stores, {});
  });

  it("takes them from the environment, with passwords and keys", async () => {
    const env = {
      LATCHKEY_DATABASE_URL: "postgres://u@db/x",
      LATCHKEY_DATABASE_PASSWORD: "p@ss",
      LATCHKEY_REDIS_URL: "redis://:own@cache/0",
      LATCHKEY_REDIS_PASSWORD: "other",
      LATCHKEY_VAULT_KEY: "11".repeat(32),
      LATCHKEY_VAULT_KEY_NEXT: "22".repeat(32),
    };
    const { stores } = await asked(env);
    assert.equal(stores?.database, "postgres://u:p%40ss@db/x");
    assert.equal(stores?.redis, "redis://:own@cache/0");
    assert.deepEqual(
      stores?.keys?.vaultKeys?.map(({ bytes }) => bytes[0]),
      [0x11, 0x22],
    );
    const other = await asked(env, "--database", "mysql://v@db2/y");
    assert.equal(other.stores?.database, "mysql://v:p%40ss@db2/y");
  });

  it("refuses a password that every user of the machine sees, without repeating it", async () => {
    for (const [option, url] of [
      ["--database", "mysql://u:hunter2@db/x"],
      ["--redis", "redis://:hunter2@cache"],
    ] as const) {
      const { exitCode, said, stores } = await asked({}, option, url);
      assert.equal(exitCode, 2);
      assert.match(said, /LATCHKEY_(DATABASE|REDIS)_URL/);
      assert.ok(!said.includes("hunter2"));
      assert.equal(stores, undefined);
    }
  });

  it("refuses a key that is none, and the next one without the first", async () => {
    const bad = await asked({ LATCHKEY_VAULT_KEY: "hunter2" });
    assert.match(bad.said, /LATCHKEY_VAULT_KEY/);
    assert.ok(!bad.said.includes("hunter2"));
    const lonely = await asked({ LATCHKEY_VAULT_KEY_NEXT: "22".repeat(32) });
    assert.match(lonely.said, /is not set/);
  });

  it("changes the key-encryption key of a data folder, and finds the database beside the server", async () => {
    const folder = mkdtempSync(join(tmpdir(), "latchkey-"));
    const first = await openServiceFolder({ folder, database: join(folder, "mine.db") });
    const { tenantId } = first.firstStart!.tenant;
    await first.service.close();
    writeFileSync(join(folder, "keys", "vault-2.key"), "5a".repeat(32), { mode: 0o600 });
    const env = { LATCHKEY_DATABASE_URL: join(folder, "mine.db") };
    const world = new FakeWorld({
      env,
      rotateVault: (data, stores) => rotateFolderVault({ folder: data, ...stores }),
    });
    const run = await world.run("vault", "rotate", "--data", folder);
    assert.equal(run.exitCode, 0, run.err);
    assert.match(run.out, /4 were sealed anew/);
    assert.equal((await new FakeWorld().run("vault")).exitCode, 2);
    const service = await openLocalService(folder, env);
    assert.equal((await service.admin.tenants())[0]?.tenantId, tenantId);
    await service.close();
    await assert.rejects(openLocalService(folder, {}), { code: "network-failed" });
    rmSync(folder, { recursive: true });
  });
});

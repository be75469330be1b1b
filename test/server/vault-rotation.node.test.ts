import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Secret } from "../../protocol/crypto/secret.ts";
import { nodeCrypto } from "../../server/node-crypto.ts";
import { openServiceFolder, rotateFolderVault } from "../../server/start.ts";
import type { Records } from "../../server/store/records.ts";
import { systemRandom } from "../../server/system-random.ts";
import { openTenantKey, sealCommBatch, sealTenantKey } from "../../server/tenant-keys.ts";
import { type Vault, vaultKeyId } from "../../server/vault.ts";
import { openVault } from "../../server/vault-keys.ts";
import { rotateVault } from "../../server/vault-rotation.ts";
import { RECORD_STORES, type ScratchStore } from "./record-stores.ts";

const kek = (byte: number): Secret => new Secret(new Uint8Array(32).fill(byte));
const TENANTS = ["a", "b", "c"];
const NAMES = ["df1", "sdm-meta-read", "chip-master"] as const;

/** Fails at the `at`th call that changes something, as when the process is killed there. */
function killedAt(records: Records, at: number): Records {
  let calls = 0;
  const deadly =
    <A extends unknown[], T>(call: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      if (++calls === at) throw new Error("killed");
      return call(...args);
    };
  const { changeVault, reseal } = records;
  return { ...records, changeVault: deadly(changeVault), reseal: deadly(reseal) };
}

for (const { name, make } of RECORD_STORES)
  describe(`the change of the key-encryption key in ${name}`, function () {
    this.timeout(30_000);
    let store: ScratchStore;
    let records: Records;
    const options = (keys: readonly Secret[], on = records) => {
      return { crypto: nodeCrypto, random: systemRandom, records: on, keys };
    };
    beforeEach(async function () {
      store = await make(this);
      records = await store.open();
      const vault = await openVault(options([kek(1)]));
      for (const tenantId of TENANTS) await createTenant(vault, tenantId);
    });
    afterEach(() => store?.drop());

    async function createTenant(vault: Vault, tenantId: string): Promise<void> {
      const seal = (key: (typeof NAMES)[number]) =>
        sealTenantKey({ vault }, tenantId, key, Buffer.from(`${tenantId} ${key}`));
      const keys = {
        df1: seal("df1"),
        "sdm-meta-read": seal("sdm-meta-read"),
        "chip-master": seal("chip-master"),
      };
      const batch = sealCommBatch({ vault }, tenantId, "1", new Uint8Array(44));
      const tenant = {
        tenantId,
        name: "N",
        registration: "auto",
        relayMs: 1,
        createdAt: 1,
      } as const;
      await records.createTenant(tenant, keys, batch, vault.id);
    }

    async function allOpen(vault: Vault, tenants = TENANTS): Promise<void> {
      for (const tenantId of tenants)
        for (const key of NAMES) {
          const opened = await openTenantKey({ records, vault }, tenantId, key);
          assert.equal(Buffer.from(opened.bytes).toString(), `${tenantId} ${key}`);
        }
    }

    it("seals everything anew, and refuses the old key afterwards", async () => {
      const before = await openVault(options([kek(1), kek(2)]));
      const outcome = await rotateVault(options([kek(1), kek(2)]));
      assert.deepEqual(outcome, { active: vaultKeyId(nodeCrypto, kek(2)), resealed: 12 });
      await allOpen(await openVault(options([kek(2)])));
      await allOpen(before); // a replica that had both keys goes on
      await assert.rejects(openVault(options([kek(1)])), { code: "config-invalid" });
      // With both at hand the old one opens nothing, though somebody put it back into the database.
      const vault = await openVault(options([kek(1), kek(2)]));
      const old = before.seal(["key", "a", "df1"], new Uint8Array(32));
      assert.equal(vault.tryOpen(["key", "a", "df1"], old), undefined);
      const again = await rotateVault(options([kek(1), kek(2)]));
      assert.equal(again.resealed, 0);
    });

    it("goes on where it was killed, wherever that was", async () => {
      let kills = 0;
      for (let at = 1; ; at++) {
        const [old, next] = at % 2 === 1 ? [1, 2] : [2, 1];
        const both = [kek(old), kek(next)];
        const dying = rotateVault(options(both, killedAt(records, at))).then(
          () => false,
          (error: Error) => error.message === "killed",
        );
        if (await dying) kills++;
        // In between, replicas with both keys open everything.
        await allOpen(await openVault(options(both)));
        await rotateVault(options(both));
        await allOpen(await openVault(options([kek(next)])));
        await assert.rejects(openVault(options([kek(old)])), { code: "config-invalid" });
        if (kills < at) break;
      }
      assert.equal(kills, 15, "two marks and a start, and twelve keys");
    });

    it("takes nothing that was sealed under the old key after the change was written down", async () => {
      const old = await openVault(options([kek(1), kek(2)]));
      await rotateVault(options([kek(1), kek(2)]));
      await assert.rejects(createTenant(old, "late"), { code: "conflict" });
      await createTenant(await openVault(options([kek(1), kek(2)])), "late");
      await allOpen(await openVault(options([kek(2)])), [...TENANTS, "late"]);
    });

    it("is made once by two who do it at the same time", async () => {
      const replica = await store.open();
      const keys = [kek(1), kek(2)];
      const both = await Promise.allSettled([
        rotateVault(options(keys)),
        rotateVault(options(keys, replica)),
      ]);
      for (const each of both)
        if (each.status === "rejected") assert.equal(each.reason.code, "conflict");
      await rotateVault(options(keys));
      await allOpen(await openVault(options([kek(2)])));
    });

    it("refuses keys of another database, and a start without one that is still needed", async () => {
      await assert.rejects(rotateVault(options([kek(8), kek(9)])), { code: "config-invalid" });
      const dying = rotateVault(options([kek(1), kek(2)], killedAt(records, 5)));
      await assert.rejects(dying, { message: "killed" });
      for (const keys of [[kek(1)], [kek(2)], [kek(3)]])
        await assert.rejects(openVault(options(keys)), { code: "config-invalid" });
      await allOpen(await openVault(options([kek(1), kek(2)])));
    });
  });

describe("the change of the key-encryption key of a data folder", () => {
  it("takes the key with the highest number, and works without the old one afterwards", async () => {
    const folder = mkdtempSync(join(tmpdir(), "latchkey-"));
    const first = await openServiceFolder({ folder });
    const { tenantId } = first.firstStart!.tenant;
    const before = await first.service.admin.provisioning(tenantId);
    await first.service.close();
    assert.equal((await rotateFolderVault({ folder })).resealed, 0, "there is no newer one");
    const next = join(folder, "keys", "vault-2.key");
    writeFileSync(next, `${"5a".repeat(32)}\n`, { mode: 0o600 });
    const running = await openServiceFolder({ folder });
    assert.equal((await rotateFolderVault({ folder })).resealed, 4);
    const during = await running.service.admin.provisioning(tenantId);
    assert.deepEqual(during.commKey.bytes, before.commKey.bytes, "while the server runs");
    await running.service.close();
    rmSync(join(folder, "keys", "vault.key"));
    const { service } = await openServiceFolder({ folder });
    assert.deepEqual((await service.admin.provisioning(tenantId)).df1.bytes, before.df1.bytes);
    await service.close();
    rmSync(folder, { recursive: true });
  });
});

import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LeaseKeeper } from "../../protocol/claims/lease.ts";
import { portableSha3 as sha3 } from "../../protocol/crypto/portable-sha3.ts";
import type { SqliteDatabase } from "../../server/store/sqlite-database.ts";
import {
  openLeaseDatabase,
  SqliteLeaseStore,
  SqliteLeaseWitness,
} from "../../server/store/sqlite-leases.ts";
import { rejectsCode } from "../protocol/error-code.ts";
import { purpose, RANGE, seed } from "../protocol/lease-bench.ts";

describe("leases in a database", () => {
  let folder: string;
  const open: SqliteDatabase[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "latchkey-leases-"));
  });
  afterEach(() => {
    for (const db of open.splice(0)) db.close();
    rmSync(folder, { recursive: true });
  });

  function keeper(store = "store.db", witness = "witness.db"): LeaseKeeper {
    const [one, other] = [store, witness].map((name) => openLeaseDatabase(join(folder, name)));
    open.push(one!, other!);
    return new LeaseKeeper({
      sha3,
      store: new SqliteLeaseStore(one!),
      witness: new SqliteLeaseWitness(other!),
      nowMs: () => 1,
    });
  }

  it("are given out once, by any number of connections, and kept with their journal", async () => {
    const keepers = [keeper(), keeper()];
    await keepers[0]!.create(seed, RANGE);
    const uses = await Promise.all([0, 1, 0, 1, 0].map((i) => keepers[i]!.reserve(seed, purpose)));
    assert.deepEqual([...uses].sort(), [0, 1, 2, 3, 4]);
    assert.equal(await keeper().reserve(seed, purpose), 5);
    assert.equal((await keeper().audit(seed)).length, 7);
  });

  it("from a copy are refused, until they are recovered", async () => {
    const first = keeper();
    await first.create(seed, RANGE);
    for (const db of open.splice(0)) db.close();
    copyFileSync(join(folder, "store.db"), join(folder, "copy.db"));
    await keeper().reserve(seed, purpose);
    const copy = keeper("copy.db");
    await rejectsCode(copy.reserve(seed, purpose), "lease-rolled-back");
    await copy.recover(seed);
    assert.equal(await copy.reserve(seed, purpose), 1);
  });

  it("that never began are missing, and begin once", async () => {
    await rejectsCode(keeper().reserve(seed, purpose), "lease-missing");
    await keeper().create(seed, RANGE);
    await keeper().reserve(seed, purpose);
    await rejectsCode(keeper().create(seed, RANGE), "conflict");
    const part = await keeper().split(seed, 3);
    const device = keeper("device.db");
    await device.create(seed, part);
    assert.equal(await device.reserve(seed, purpose), 5);
  });
});

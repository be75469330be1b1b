/** What somebody learns of people who has stolen the database, and not the key-encryption key. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { toBase64Url } from "../../protocol/encoding/base64.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import type { Records } from "../../server/store/records.ts";
import { openSqliteRecords } from "../../server/store/sqlite-records.ts";
import { testKey } from "../protocol/human-family.ts";
import { humanDesk, Somebody, TENANT } from "./human-desk.ts";

const PEOPLE = [100, 101, 102];
const SECTORS = ["bank.example", "shop.example", "clinic.example"];

describe("a stolen database of people", () => {
  let folder: string;
  let records: Records;
  const dids = new Map<string, string>();
  const secrets: string[] = [];

  before(async function () {
    this.timeout(30_000);
    folder = mkdtempSync(join(tmpdir(), "latchkey-"));
    records = openSqliteRecords(join(folder, "latchkey.db"));
    const desk = await humanDesk(records);
    let key = 20;
    // In turns, so that nothing can be told from who came first.
    const people = [];
    for (const number of PEOPLE) {
      const somebody = await new Somebody(desk, number).enrol();
      people.push({ somebody, device: await somebody.device(number - 90) });
    }
    for (const sector of SECTORS)
      for (const { somebody, device } of people) {
        dids.set(await somebody.delegate(device, sector, ++key), somebody.rootId);
        secrets.push(toBase64Url(testKey(key).publicKey.subarray(1, 33)));
      }
    for (const { somebody, device } of people)
      secrets.push(somebody.rootId, device.serial, toBase64Url(device.certificate));
    secrets.push(...dids.keys(), ...SECTORS);
    await records.close();
  });
  after(() => rmSync(folder, { recursive: true }));

  const rows = (table: string) => {
    const db = new DatabaseSync(join(folder, "latchkey.db"), { readOnly: true });
    try {
      return db.prepare(`SELECT * FROM ${table}`).all() as Record<string, unknown>[];
    } finally {
      db.close();
    }
  };

  it("has none of their identifiers, roots, devices, keys or verifiers in it", () => {
    const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
    assert.ok(files.some((bytes) => bytes.includes(TENANT)));
    assert.ok(secrets.length > 20);
    for (const secret of secrets)
      for (const bytes of files) assert.ok(!bytes.includes(secret), secret);
  });

  it("does not say which identifiers are one person's: no two rows have anything in common", () => {
    const all = rows("human_identifiers");
    assert.equal(all.length, PEOPLE.length * SECTORS.length);
    const pieces = new Map<string, number>();
    for (const { did, sealed } of all) {
      // Any six bytes in a row that two rows share would be a thread from one to the other.
      const text = toHex(did as Uint8Array) + toHex(sealed as Uint8Array);
      const own = new Set<string>();
      for (let at = 0; at + 12 <= text.length; at += 2) own.add(text.slice(at, at + 12));
      for (const piece of own) pieces.set(piece, (pieces.get(piece) ?? 0) + 1);
    }
    assert.deepEqual([...pieces].filter(([, count]) => count > 1).slice(0, 3), []);
    const lengths = new Set(all.map(({ sealed }) => (sealed as Uint8Array).length));
    assert.equal(lengths.size, 1);
    // People's rows are alike; beside them is one of the tenant's own, that of its invitations.
    const sizes = rows("human_accounts").map(({ sealed }) => (sealed as Uint8Array).length);
    const largest = Math.max(...sizes);
    assert.equal(sizes.filter((size) => size === largest).length, PEOPLE.length);
    assert.equal(sizes.length, PEOPLE.length + 1);
  });

  it("says in its audit log nothing that joins an identifier to an account or another one", () => {
    const named = rows("audit").map(
      ({ data }) => JSON.parse(String(data)) as Record<string, string>,
    );
    const identifiers = named.flatMap(({ identifier }) => identifier ?? []);
    assert.equal(new Set(identifiers).size, dids.size);
    assert.ok(named.every((data) => !("identifier" in data) || !("account" in data)));
  });

  it("cannot be read, nor its rows exchanged, without the key-encryption key", async () => {
    const copy = openSqliteRecords(join(folder, "latchkey.db"));
    try {
      const desk = await humanDesk(copy);
      const [first, second] = [...dids.keys()] as [string, string];
      const db = new DatabaseSync(join(folder, "latchkey.db"));
      const [a, b] = rows("human_identifiers") as [Record<string, never>, Record<string, never>];
      const put = db.prepare("UPDATE human_identifiers SET sealed = ? WHERE did = ?");
      assert.ok(await desk.registry.resolve(first));
      assert.ok(await desk.registry.resolve(second));
      put.run(b["sealed"]!, a["did"]!);
      put.run(a["sealed"]!, b["did"]!);
      db.close();
      const found = await Promise.allSettled(
        [...dids.keys()].map((did) => desk.registry.resolve(did)),
      );
      const corrupt = found.filter(({ status }) => status === "rejected");
      assert.equal(corrupt.length, 2);
      for (const one of corrupt)
        assert.equal((one as PromiseRejectedResult).reason.code, "storage-corrupt");
    } finally {
      await copy.close();
    }
  });
});

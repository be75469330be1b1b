import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Context } from "mocha";
import type { NewBadge, NewNode, Records, Tenant } from "../../server/store/records.ts";
import { parseDatabaseUrl } from "../../server/store/sql/database-url.ts";
import { openSqlRecords } from "../../server/store/sql/sql-records.ts";
import { openSqliteRecords } from "../../server/store/sqlite-records.ts";
import { DATABASES, needDatabase } from "../support/services.ts";

/** A store of its own, which several replicas open. */
export interface ScratchStore {
  /** As one replica; all are closed with the store. */
  open(): Promise<Records>;
  drop(): Promise<void>;
}

export interface StoreKind {
  readonly name: string;
  make(test: Context): Promise<ScratchStore>;
}

async function inFolder(): Promise<ScratchStore> {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-"));
  const opened: Records[] = [];
  return {
    async open() {
      const records = openSqliteRecords(join(folder, "latchkey.db"));
      opened.push(records);
      return records;
    },
    async drop() {
      for (const records of opened) records.close();
      rmSync(folder, { recursive: true });
    },
  };
}

async function onServer(test: Context, name: (typeof DATABASES)[number]): Promise<ScratchStore> {
  const database = await needDatabase(test, name);
  const opened: Records[] = [];
  return {
    async open() {
      const records = await openSqlRecords(parseDatabaseUrl(database.url));
      opened.push(records);
      return records;
    },
    async drop() {
      for (const records of opened) await records.close();
      await database.drop();
    },
  };
}

/** Every adapter there is for `Records`. */
export const RECORD_STORES: readonly StoreKind[] = [
  { name: "SQLite", make: inFolder },
  ...DATABASES.map((name) => ({ name, make: (test: Context) => onServer(test, name) })),
];

export const SEALED = new Uint8Array(44).fill(7);
const KEYS = { df1: SEALED, "sdm-meta-read": SEALED, "chip-master": SEALED };

export async function addTenant(records: Records, tenantId: string, change: Partial<Tenant> = {}) {
  const tenant = {
    tenantId,
    name: "N",
    registration: "auto",
    relayMs: 3000,
    createdAt: 1,
  } as const;
  const batch = { batch: "1", sealed: SEALED };
  await records.createTenant({ ...tenant, ...change }, KEYS, batch, "kek");
}

/** 32 bytes that no other number has. */
export function key(n: number): Uint8Array {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(28, n);
  return bytes;
}

export function newNode(tenantId: string, nodeUid: string, n: number): NewNode {
  const kind = { nodeType: "reader", batch: "1", status: "active" } as const;
  return { tenantId, nodeUid, nodePk: key(n), ...kind, createdAt: 10 };
}

export function newBadge(tenantId: string, badgeUid: string, change: Partial<NewBadge> = {}) {
  return {
    ...{ tenantId, badgeUid, badgePk: key(1), mode: "STD", profile: "open", holder: "Ada" },
    ...{ nodeUid: undefined, label: undefined, scope: undefined, createdAt: 20 },
    ...change,
  } as NewBadge;
}

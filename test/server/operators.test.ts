import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { LIST_NODES_PATH } from "../../protocol/badge/endpoints.ts";
import { PERMISSIONS, ROLES, type Role, roleMay } from "../../server/roles.ts";
import { SERVER_CHAIN } from "../../server/store/audit-chain.ts";
import { MIGRATIONS } from "../../server/store/migrations.ts";
import { codeOf, Desk } from "./desk.ts";

describe("operators", () => {
  let desk: Desk;
  let tenantId: string;
  beforeEach(async () => {
    desk = new Desk();
    tenantId = (await desk.tenant()).tenantId;
  });
  afterEach(() => desk.close());

  it("of all tenants are admins: another role without a tenant is refused", async () => {
    const { admin } = desk.service;
    for (const role of ROLES) {
      const made = admin.createOperator({ name: "x", role, tenantId: undefined });
      if (role === "admin") assert.match(await made, /^lka_/);
      else await assert.rejects(made, { code: "malformed" });
    }
    const nowhere = { name: "x", role: "manager", tenantId: crypto.randomUUID() } as const;
    await assert.rejects(admin.createOperator(nowhere), { code: "tenant-unknown" });
  });

  it("cannot be promoted over their tenant, nor under a name of no tenant", async () => {
    const { admin } = desk.service;
    await admin.createOperator({ name: "root", role: "admin", tenantId: undefined });
    const down = { name: "root", role: "auditor", tenantId: undefined } as const;
    await assert.rejects(admin.setOperatorRole(down), { code: "malformed" });
    assert.equal(await admin.setOperatorRole({ ...down, tenantId }), false);
  });

  it("have names that are no application's hash and forge no line of a log", async () => {
    const { admin } = desk.service;
    for (const name of ["", "f".repeat(64), "a\nb", " a", "a b", "-a", "ä", "local"])
      await assert.rejects(admin.createOperator({ name, role: "admin", tenantId }), {
        code: "malformed",
      });
  });

  it("are each an audit row: added, changed, removed, and by whom", async () => {
    const { admin } = desk.service;
    const ada = { name: "ada", role: "operator", tenantId } as const;
    await admin.createOperator(ada);
    assert.equal(await admin.setOperatorRole({ ...ada, role: "auditor" }, "grace"), true);
    assert.equal(await admin.removeOperator("ada", tenantId), true);
    assert.equal(await admin.removeOperator("ada", tenantId), false);
    const rows = await admin.auditRows(tenantId);
    assert.deepEqual(
      rows.map(({ kind, data }) => [kind, JSON.parse(data)]),
      [
        ["operator-added", { name: "ada", role: "operator", by: "local" }],
        ["operator-changed", { name: "ada", role: "auditor", by: "grace" }],
        ["operator-removed", { name: "ada", by: "local" }],
      ],
    );
    await admin.createOperator({ name: "root", role: "admin", tenantId: undefined });
    assert.equal((await admin.auditRows(SERVER_CHAIN)).length, 1);
    assert.equal((await admin.verifyAudit(SERVER_CHAIN)).intact, true);
  });

  it("with another role may do other things from their next request on", async () => {
    const { admin } = desk.service;
    const ada = { name: "ada", role: "manager", tenantId } as const;
    const authorization = `Bearer ${await admin.createOperator(ada)}`;
    const list = async () =>
      codeOf(await desk.post(LIST_NODES_PATH, { tenant_id: tenantId }, { authorization }));
    assert.equal(await list(), "ok");
    await admin.removeOperator("ada", tenantId);
    assert.equal(await list(), "unauthenticated");
  });
});

describe("the table of roles", () => {
  it("gives an admin everything, and an auditor nothing that changes anything", () => {
    for (const permission of Object.keys(PERMISSIONS) as (keyof typeof PERMISSIONS)[]) {
      assert.ok(roleMay("admin", permission), permission);
      if (!permission.startsWith("read-")) assert.ok(!roleMay("auditor", permission), permission);
    }
  });

  it("keeps mandates, operators and applications from all but admins", () => {
    const others: Role[] = ["manager", "operator", "auditor"];
    for (const role of others)
      for (const permission of [
        "manage-mandates",
        "manage-operators",
        "manage-applications",
      ] as const)
        assert.ok(!roleMay(role, permission), `${role} ${permission}`);
  });
});

describe("a database from before there were four roles", () => {
  it("keeps its admins and managers, with their tokens", () => {
    const db = new DatabaseSync(":memory:");
    const step = MIGRATIONS.findIndex((sql) => sql.includes("CREATE TABLE operator_tokens"));
    for (const sql of MIGRATIONS.slice(0, step)) db.exec(sql);
    db.exec("INSERT INTO tenants VALUES ('t', 'N', 'auto', 3000, 1)");
    const insert = db.prepare("INSERT INTO operators VALUES (?,?,?,?,?)");
    insert.run(new Uint8Array([1]), "ada", "admin", null, 5);
    insert.run(new Uint8Array([2]), "bob", "manager", "t", 6);
    db.exec(MIGRATIONS[step]!);
    const rows = db.prepare("SELECT * FROM operator_tokens ORDER BY name").all();
    assert.deepEqual(
      rows.map((row) => ({ ...row, token_hash: [...(row["token_hash"] as Uint8Array)] })),
      [
        { token_hash: [1], name: "ada", role: "admin", tenant_id: null, created_at: 5 },
        { token_hash: [2], name: "bob", role: "manager", tenant_id: "t", created_at: 6 },
      ],
    );
    db.close();
  });
});

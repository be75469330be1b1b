import assert from "node:assert/strict";
import { APP_OPEN_PATH } from "../../protocol/application/endpoints.ts";
import { parseBadgeChallenge } from "../../protocol/badge/challenge.ts";
import { BADGE_CHALLENGE_PATH } from "../../protocol/badge/endpoints.ts";
import { toLatchkeyError } from "../../protocol/errors.ts";
import { JsonReader } from "../../protocol/json/reader.ts";
import { LIST_AUDIT_PATH } from "../../server/api/management-paths.ts";
import { ROLES } from "../../server/roles.ts";
import { SERVER_CHAIN } from "../../server/store/audit-chain.ts";
import { OPERATIONS } from "./api-check.ts";
import { badge, codeOf, reasonOf } from "./desk.ts";
import { fieldsIn, type Given } from "./schema-values.ts";
import {
  bodyFor,
  FOR_NODES,
  FOR_OPERATORS,
  type House,
  type Named,
  namesOf,
  nobody,
  requestSchema,
  TwoTenants,
} from "./two-tenants.ts";

/** Identifiers that the houses of this suite have, or that are looked at by name below. */
const KNOWN = [
  "tenant_id",
  "node_uid",
  "badge_uid",
  "mandate_id",
  "person_id",
  "entitlement_id",
  "run_id",
  "challenge_id",
  "log_id",
  "request_id", // see visit.test.ts: no reader but its own hears of a visitor
];

/** An answer with the names in it blotted out, so that two answers can be compared. */
function blotted(body: string, given: Given): string {
  const names = Object.values(given).filter((name) => typeof name === "string" && name !== "");
  return names.reduce<string>((text, name) => text.replaceAll(name as string, "…"), body);
}

describe("the other tenant, at every endpoint of the document", () => {
  let both: TwoTenants;
  let own: House;
  let other: House;
  let before: unknown;

  beforeEach(async () => {
    both = new TwoTenants();
    own = await both.house();
    other = await both.house();
    before = await both.everythingOf(other);
  });
  afterEach(async () => {
    assert.deepEqual(await both.everythingOf(other), before, "nothing of the other has changed");
    both.close();
  });

  it("is known to this suite by every name that a request may hold", () => {
    const asked = OPERATIONS.flatMap((operation) => [
      ...fieldsIn(requestSchema(operation) ?? {}),
      ...(operation.operation.parameters ?? []).map(({ name }) => name),
    ]);
    const names = new Set(asked.filter((name) => /(^|_)(uid|id)$/.test(name)));
    for (const seen of ["credential_id"]) names.delete(seen);
    assert.deepEqual([...names].filter((name) => !KNOWN.includes(name)).sort(), []);
    assert.ok(FOR_OPERATORS.length >= 20 && FOR_NODES.length >= 7);
  });

  for (const operation of FOR_OPERATORS) {
    const id = operation.operation.operationId;
    it(`${id}: no role of one tenant reaches the other, nor learns whether it exists`, async () => {
      const roles = operation.operation["x-latchkey-roles"] ?? [];
      for (const role of ROLES) {
        const answers: string[] = [];
        for (const target of [other, { ...other, tenantId: crypto.randomUUID() }]) {
          const given = namesOf(operation, target);
          const answer = await both.ask(operation, bodyFor(operation, given), own.tokens[role]);
          const expected = roles.includes(role) ? "tenant-mismatch" : "forbidden-role";
          assert.equal(codeOf(answer), expected, role);
          answers.push(answer.body);
        }
        assert.equal(answers[0], answers[1]);
      }
    });

    it(`${id}: what the other tenant has is to this one like what nobody has`, async () => {
      const ask = async (names: Named) => {
        const given = namesOf(operation, { ...names, tenantId: own.tenantId });
        const answer = await both.ask(operation, bodyFor(operation, given), own.tokens.admin);
        return `${answer.status} ${blotted(answer.body, given)}`;
      };
      const theirs = await ask(other);
      const nobodys = await ask(nobody(own.tenantId));
      // Tokens, times and numbers of keys are new with each answer.
      const plain = (text: string) =>
        text
          .replaceAll(
            /"(token|df1|key|hash|run_id|apdu|node_uid|mandate_id|salt|collection_key)":"[^"]*"/g,
            "",
          )
          .replaceAll(/"number":[0-9]+/g, "");
      assert.equal(plain(theirs).slice(0, 60), plain(nobodys).slice(0, 60));
      assert.ok(!theirs.includes(other.nodeUid));
    });
  }

  for (const operation of FOR_NODES) {
    const { path, operation: said } = operation;
    it(`${said.operationId}: a node finds nothing of the other tenant in its session`, async () => {
      const ask = async (names: Named): Promise<string> => {
        const body = bodyFor(operation, namesOf(operation, names)) as object;
        const answer = own.node.identity.call(path, body).then(
          (plain) => JSON.stringify(plain),
          (error) => toLatchkeyError(error).code,
        );
        const given = { ...namesOf(operation, names), ...(body as Given) };
        return blotted(await answer, given);
      };
      const plain = (text: string) => text.replaceAll(/"(token|nonce|challenge_id)":"[^"]*"/g, "");
      const nobodys = await ask(nobody(crypto.randomUUID()));
      assert.equal(plain(await ask(other)), plain(nobodys));
      const inTheirName = { ...other, tenantId: own.tenantId };
      assert.equal(plain(await ask(inTheirName)), plain(await ask(nobody(own.tenantId))));
    });

    it(`${said.operationId}: a session opens nothing under another's token`, async () => {
      const { identity, sent } = own.node;
      await identity.checkIn(bodyFor(FOR_NODES.at(-1)!, {}) as object).catch(() => {});
      const { body } = sent.at(-1)!;
      const token = await other.node.identity.authenticate();
      const answer = await both.desk.post(path, body, { authorization: `Bearer ${token}` });
      assert.equal(codeOf(answer), "token-invalid");
    });
  }

  it("its challenges serve nobody else, and still serve their own reader afterwards", async () => {
    const { identity, nodeUid } = other.node;
    const asked = { tenant_id: other.tenantId, node_uid: nodeUid };
    const answer = await identity.call(BADGE_CHALLENGE_PATH, asked);
    const challenge = parseBadgeChallenge(new JsonReader(answer));
    const theirCard = await badge(both.desk.service, other.tenantId);
    const ownCard = await badge(both.desk.service, own.tenantId);
    const stolen = await own.node.answer(ownCard, challenge);
    assert.equal(reasonOf(await own.node.decide(stolen)), "challenge-used");
    const genuine = await other.node.answer(theirCard, challenge);
    assert.equal(reasonOf(await other.node.decide(genuine)), "granted");
    before = await both.everythingOf(other);
  });

  it("has no way to what belongs to no tenant, whatever the role, but for who is of all", async () => {
    const ask = (token: string, tenant_id: string) =>
      both.desk.post(LIST_AUDIT_PATH, { tenant_id }, { authorization: `Bearer ${token}` });
    for (const role of ROLES) {
      const expected = role === "operator" ? "forbidden-role" : "tenant-mismatch";
      assert.equal(codeOf(await ask(own.tokens[role], SERVER_CHAIN)), expected);
    }
    const { admin } = both.desk.service;
    const everybody = { name: "root", role: "admin", tenantId: undefined } as const;
    const root = await admin.createOperator(everybody);
    const { rows } = JSON.parse((await ask(root, SERVER_CHAIN)).body);
    assert.deepEqual(
      rows.map(({ kind }: { kind: string }) => kind),
      ["operator-added", "operator-login"],
    );
    assert.equal(codeOf(await ask(root, crypto.randomUUID())), "tenant-unknown");
  });

  it("finds no login of the other among its own, nor those that failed there", async () => {
    await both.desk.post(LIST_AUDIT_PATH, {}, { authorization: `Bearer ${other.tokens.admin}` });
    const wrong = `lkb_${other.tenantId}_${"A".repeat(43)}`;
    await both.desk.post(APP_OPEN_PATH, {}, { authorization: `Bearer ${wrong}` });
    const body = { tenant_id: own.tenantId, kinds: ["operator-login", "login-refused"] };
    const authorization = `Bearer ${own.tokens.admin}`;
    const answer = await both.desk.post(LIST_AUDIT_PATH, body, { authorization });
    const { rows } = JSON.parse(answer.body);
    assert.deepEqual(
      rows.map(({ kind }: { kind: string }) => kind),
      ["operator-login"],
    );
    before = await both.everythingOf(other);
  });

  it("has tokens of other kinds, none of which serves an operator", async () => {
    const session = await own.node.identity.authenticate();
    for (const operation of FOR_OPERATORS)
      for (const token of [
        undefined,
        "",
        "lka_",
        session,
        own.backEnd.token,
        `${own.tokens.admin}x`,
      ]) {
        const body = bodyFor(operation, namesOf(operation, own));
        assert.equal(codeOf(await both.ask(operation, body, token)), "unauthenticated");
      }
  });

  it("has operators' tokens, which serve no node and no back end", async () => {
    const others = OPERATIONS.filter(({ operation }) =>
      operation.security.some((scheme) => "session" in scheme || "backEnd" in scheme),
    );
    assert.ok(others.length >= 9);
    for (const { path } of others) {
      const authorization = `Bearer ${own.tokens.admin}`;
      const answer = await both.desk.post(path, own.node.sent.at(-1)!.body, { authorization });
      assert.ok(["token-invalid", "unauthenticated"].includes(codeOf(answer)), path);
    }
  });
});

describe("what each role may do, as a matrix of the document", () => {
  let both: TwoTenants;
  let house: House;
  before(async () => {
    both = new TwoTenants();
    house = await both.house();
  });
  after(() => both.close());

  for (const operation of FOR_OPERATORS) {
    const roles = operation.operation["x-latchkey-roles"] ?? [];
    for (const role of ROLES) {
      const may = roles.includes(role);
      it(`${operation.operation.operationId}: ${role} ${may ? "may" : "may not"}`, async () => {
        const given = namesOf(operation, house);
        const token = house.tokens[role];
        const code = codeOf(await both.ask(operation, bodyFor(operation, given), token));
        assert.equal(code === "forbidden-role", !may, code);
        // Who may not, learns nothing of what would be a good request.
        if (!may) assert.equal(codeOf(await both.ask(operation, {}, token)), "forbidden-role");
      });
    }
  }

  it("has no endpoint that only an auditor may use, and none that every role may not read", () => {
    const may = (role: string) =>
      FOR_OPERATORS.filter(({ operation }) => operation["x-latchkey-roles"]?.includes(role)).map(
        ({ operation }) => operation.operationId,
      );
    const admins = new Set(may("admin"));
    for (const role of ROLES) assert.ok(may(role).every((id) => admins.has(id)));
    const changing = /create|set_|remove|approve|revoke|suspend|reinstate|register|step|mandate/;
    assert.deepEqual(
      may("auditor").filter((id) => changing.test(id)),
      [],
    );
    assert.deepEqual(
      may("operator").filter((id) => changing.test(id)),
      ["im_suspend_badge"],
    );
  });
});

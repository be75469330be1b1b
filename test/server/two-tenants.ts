import { toHex } from "../../protocol/encoding/hex.ts";
import type { JsonObject } from "../../protocol/json/reader.ts";
import type { Provisioning } from "../../server/admin.ts";
import { LIST_MANDATES_PATH, MANDATE_LOG_PATH } from "../../server/api/management-paths.ts";
import type { ServiceResponse } from "../../server/context.ts";
import { ROLES, type Role } from "../../server/roles.ts";
import { type Documented, OPERATIONS } from "./api-check.ts";
import { Desk, nextUid, type TestNode, warm } from "./desk.ts";
import { type Given, sampleOf } from "./schema-values.ts";

const JSON_TYPE = "application/json";
const OFTEN = { burst: 1e9, perSecond: 1e9 };

/** What things are called. */
export interface Named {
  readonly tenantId: string;
  readonly nodeUid: string;
  readonly badgeUid: Uint8Array;
  readonly operator: string;
  readonly mandateId: string;
  readonly personId: string;
  readonly entitlementId: string;
}

/** A tenant with one of each thing that has a name. */
export interface House extends Named {
  readonly provisioning: Provisioning;
  readonly node: TestNode;
  readonly tokens: Readonly<Record<Role, string>>;
  readonly backEnd: { readonly token: string; readonly nodeUid: string };
}

/** Every operation that an operator may ask for. */
export const FOR_OPERATORS: readonly Documented[] = OPERATIONS.filter(({ operation }) =>
  operation.security.some((scheme) => "operator" in scheme),
);

/** Every operation within a node's session. */
export const FOR_NODES: readonly Documented[] = OPERATIONS.filter(({ operation }) =>
  operation.security.some((scheme) => "session" in scheme),
);

export function requestSchema({ operation }: Documented): JsonObject | undefined {
  const content = operation.requestBody?.content[JSON_TYPE];
  return content?.["x-latchkey-sealed"] ?? content?.schema;
}

/** Two tenants on one server, each with its own of everything. */
export class TwoTenants {
  readonly desk = new Desk({
    applications: { origins: ["https://shop.example"] },
    // What is tried here is what is said, not how often: test/server/lockout.test.ts tries that.
    limits: {
      ...{ requestsByNode: OFTEN, tapsByNode: OFTEN, operatorByAddress: OFTEN },
      ...{ failuresByAddress: OFTEN, failuresByNode: OFTEN, requestsByTenant: OFTEN },
    },
  });
  #count = 0;

  async house(): Promise<House> {
    const { admin } = this.desk.service;
    const provisioning = await this.desk.tenant();
    const { tenantId } = provisioning;
    const name = `node ${++this.#count}`;
    const node = await this.desk.node(provisioning, { name }).boot();
    const badgeUid = nextUid();
    await admin.issueBadge({ tenantId, badgeUid, mode: "STD", holder: "Ada" });
    await node.report([warm(1)]);
    const tokens = {} as Record<Role, string>;
    for (const role of ROLES)
      tokens[role] = await admin.createOperator({ name: `${role}-${this.#count}`, role, tenantId });
    const operator = `victim-${this.#count}`;
    await admin.createOperator({ name: operator, role: "operator", tenantId });
    const order = {
      mandate_number: "1",
      country: "DE",
      court: "x",
      identity_hash: "ab".repeat(32),
    };
    const mandate = await admin.ask(MANDATE_LOG_PATH, { tenant_id: tenantId, ...order });
    await admin.policy.putRule(tenantId, "site", operator, { timeZone: "UTC" });
    await admin.policy.putRule(tenantId, "zone", operator, { site: operator, firstPerson: false });
    const { personId } = await admin.policy.putPerson({ tenantId, label: "Ada" });
    await admin.policy.giveBadge(tenantId, badgeUid, personId);
    const grant = { subject: { person: personId }, zones: [operator], opens: false };
    const { id: entitlementId } = await admin.policy.entitle(tenantId, grant);
    const backEnd = await admin.applications.createBackEnd({ tenantId, audience: "shop" });
    const names = {
      tenantId,
      nodeUid: node.nodeUid,
      badgeUid,
      operator,
      mandateId: String(mandate["mandate_id"]),
      ...{ personId, entitlementId },
    };
    return { ...names, provisioning, node, tokens, backEnd };
  }

  /** What there is in a tenant, for comparison. */
  async everythingOf({ tenantId, node, badgeUid }: House): Promise<unknown> {
    const { admin } = this.desk.service;
    const mandates = await admin.ask(LIST_MANDATES_PATH, { tenant_id: tenantId });
    const audit = await admin.auditRows(tenantId, 10_000);
    return {
      mandates,
      rules: await admin.policy.rules(tenantId),
      people: await admin.policy.people(tenantId),
      entitlements: await admin.policy.entitlements(tenantId),
      nodes: await admin.nodes(tenantId),
      badge: await admin.badge(tenantId, badgeUid),
      authority: (await admin.provisioning(tenantId)).authority,
      operators: await admin.operators(tenantId),
      alarms: await admin.alarms(tenantId),
      // To look is a row, and this suite looks.
      audit: audit
        .filter(({ kind }) => kind !== "mandates-listed")
        .map(({ seq: _, ...row }) => row),
      readings: await admin.readings(tenantId, node.nodeUid),
    };
  }

  /** As JSON, or as a query where it is one. */
  ask(
    { method, path, operation }: Documented,
    body: unknown,
    token?: string,
  ): Promise<ServiceResponse> {
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const headers = { "content-type": JSON_TYPE, ...authorization };
    if (method === "POST")
      return this.desk.service.handle({ method, path, headers, body: JSON.stringify(body) });
    const entries = Object.entries((body ?? {}) as Record<string, unknown>);
    const known = (operation.parameters ?? []).map(({ name }) => name);
    const query = new URLSearchParams(
      entries
        .filter(([name]) => known.includes(name))
        .map(([name, value]): [string, string] => [name, `${value}`]),
    );
    return this.desk.service.handle({ method, path: `${path}?${query}`, headers, body: "" });
  }

  close(): void {
    this.desk.close();
  }
}

/** Whether a field with that name carries bytes, or hexadecimal digits. */
function uidAs(operation: Documented, uid: Uint8Array): string {
  const schema = JSON.stringify(requestSchema(operation) ?? {});
  const inBytes = /"badge_uid":\{"type":"string","contentEncoding"/.test(schema);
  return inBytes ? Buffer.from(uid).toString("base64url") : toHex(uid);
}

/** The names of a house, for whatever fields an operation has. */
export function namesOf(operation: Documented, house: Named): Given {
  const { tenantId, nodeUid, badgeUid, operator, mandateId, personId, entitlementId } = house;
  return {
    tenant_id: tenantId,
    node_uid: nodeUid,
    badge_uid: uidAs(operation, badgeUid),
    name: operator,
    mandate_id: mandateId,
    person_id: personId,
    entitlement_id: entitlementId,
  };
}

/** Names that nobody has. */
export function nobody(tenantId: string): Named {
  return {
    tenantId,
    nodeUid: crypto.randomUUID(),
    badgeUid: nextUid(),
    operator: "nobody",
    mandateId: crypto.randomUUID(),
    personId: crypto.randomUUID(),
    entitlementId: crypto.randomUUID(),
  };
}

/** A body that the schema takes, with those names in it. */
export function bodyFor(operation: Documented, given: Given): unknown {
  const schema = requestSchema(operation);
  const forms = (schema?.["anyOf"] ?? []) as readonly JsonObject[];
  const withTenant = forms.find((each) => "tenant_id" in (each["properties"] as JsonObject));
  if (schema !== undefined) return sampleOf(withTenant ?? schema, given);
  const { parameters = [] } = operation.operation;
  const named = parameters.filter(({ name, required }) => required || name in given);
  return Object.fromEntries(
    named.map(({ name, schema: of }) => [name, given[name] ?? sampleOf(of, given)]),
  );
}

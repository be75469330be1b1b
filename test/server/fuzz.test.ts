import assert from "node:assert/strict";
import fc from "fast-check";
import {
  BADGE_CHALLENGE_PATH,
  BADGE_VERIFY_PATH,
  LIST_NODES_PATH,
  REGISTER_BADGE_PATH,
} from "../../protocol/badge/endpoints.ts";
import { ERROR_CODES, isErrorCode } from "../../protocol/error-codes.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import {
  CHALLENGE_PATH,
  CHECK_IN_PATH,
  POST_PATH,
  REGISTER_PATH,
  TIME_PATH,
  VERIFY_PATH,
} from "../../protocol/node/endpoints.ts";
import type { ServiceResponse } from "../../server/context.ts";
import { badge, Desk, type TestNode, warm } from "./desk.ts";

const SEALED = [POST_PATH, CHECK_IN_PATH, BADGE_CHALLENGE_PATH, BADGE_VERIFY_PATH];
const PATHS = [
  ...SEALED,
  TIME_PATH,
  REGISTER_PATH,
  CHALLENGE_PATH,
  VERIFY_PATH,
  REGISTER_BADGE_PATH,
  LIST_NODES_PATH,
];
const OFTEN = { burst: 1e9, perSecond: 1e9 };

/** An answer to anything: 200, or a problem document with a code of ours and no 500. */
function checkAnswer(response: ServiceResponse): void {
  const body = JSON.parse(response.body);
  if (response.status === 200) return;
  assert.equal(response.headers["content-type"], "application/problem+json");
  assert.ok(isErrorCode(body.code), response.body);
  assert.equal(body.status, response.status);
  assert.equal(ERROR_CODES[body.code as keyof typeof ERROR_CODES].title, body.title);
  assert.ok(response.status >= 400 && response.status < 500, response.body);
}

describe("service: any input whatever", () => {
  let desk: Desk;
  let node: TestNode;
  let token: string;
  const templates = new Map<string, Record<string, unknown>>();

  before(async () => {
    desk = new Desk({ limits: { requestsByNode: OFTEN, tapsByNode: OFTEN } });
    node = await desk.node(await desk.tenant()).boot();
    token = await desk.service.admin.createOperator({
      name: "a",
      role: "admin",
      tenantId: undefined,
    });
    await node.identity.syncTime();
    await node.report([warm(1)]);
    for (const { path, body } of node.sent) templates.set(path, JSON.parse(body));
    const { tenantId } = node.provisioning;
    const badge = { tenant_id: tenantId, badge_uid: "BAAAAAAAAA", badge_pk: "A".repeat(43) };
    templates.set(REGISTER_BADGE_PATH, { ...badge, mode: "STD", holder: "x" });
    templates.set(LIST_NODES_PATH, { tenant_id: tenantId });
    for (const path of SEALED) templates.set(path, templates.get(POST_PATH)!);
  });
  after(() => desk.close());

  const someBody = fc.oneof(
    fc.string({ maxLength: 300, unit: "binary" }),
    fc.json({ maxDepth: 6 }),
    fc.constantFrom("", "null", "[]", "{", '{"__proto__":{"a":1}}', '{"v":1}'),
  );
  const someAuthorization = fc.oneof(
    fc.constant(undefined),
    fc.string({ maxLength: 80 }),
    fc.string({ maxLength: 80 }).map((text) => `Bearer ${text}`),
    fc.constantFrom("node", "operator"),
  );

  async function authorization(what: string | undefined): Promise<Record<string, string>> {
    if (what === "node") return { authorization: `Bearer ${await node.identity.authenticate()}` };
    if (what === "operator") return { authorization: `Bearer ${token}` };
    return what === undefined ? {} : { authorization: what };
  }

  it("random texts and random JSON get a problem document", async () => {
    const args = [fc.constantFrom(...PATHS), someBody, someAuthorization] as const;
    await fc.assert(
      fc.asyncProperty(...args, async (path, body, auth) => {
        checkAnswer(await desk.post(path, body, await authorization(auth)));
      }),
      { numRuns: 500 },
    );
  });

  it("genuine bodies with a field lost, replaced or bent get a problem document", async () => {
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.string({ unit: "binary" }),
      fc.constant(undefined),
    );
    const args = [fc.constantFrom(...PATHS), fc.nat(), value, someAuthorization] as const;
    await fc.assert(
      fc.asyncProperty(...args, async (path, pick, replacement, auth) => {
        const genuine = templates.get(path)!;
        const names = Object.keys(genuine);
        const bent = { ...genuine, [names[pick % names.length]!]: replacement };
        checkAnswer(await desk.post(path, bent, await authorization(auth)));
      }),
      { numRuns: 500 },
    );
  });

  it("a genuine session may send any content and gets a typed refusal or an answer", async () => {
    const content = fc.dictionary(fc.string({ maxLength: 12 }), fc.jsonValue({ maxDepth: 3 }));
    const { tenantId } = node.provisioning;
    const likely = fc.record(
      {
        request: fc.constantFrom("record_sensor_data", "other", 5),
        tenant_id: fc.constantFrom(tenantId, "x"),
        node_uid: fc.constantFrom(node?.nodeUid ?? "", null),
        challenge_id: fc.uuid(),
        badge_uid: fc.constantFrom("BAAAAAAAAA", "BA", 4),
        signature_b64: fc.constantFrom("A".repeat(86), "x"),
        picc: fc.constantFrom("A".repeat(22), "@"),
        cmac: fc.constantFrom("A".repeat(11), []),
        uptime_s: fc.constantFrom(1, -1, 1e300),
        firmware: fc.constantFrom("1", "x".repeat(500), "\u0000"),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...SEALED),
        fc.oneof(content, likely),
        async (path, body) => {
          try {
            await node.identity.call(path, body);
          } catch (error) {
            assert.ok(isLatchkeyError(error), String(error));
            assert.notEqual(error.code, "internal");
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("headers, methods and paths may be anything", async () => {
    const name = fc.constantFrom("content-type", "authorization", "x-forwarded-for", "__proto__");
    const headers = fc.dictionary(name, fc.string({ unit: "binary", maxLength: 50 }));
    const path = fc.oneof(fc.string({ unit: "binary" }), fc.webPath(), fc.constantFrom(...PATHS));
    const method = fc.constantFrom("GET", "POST", "PUT", "", "CONNECT", "post");
    await fc.assert(
      fc.asyncProperty(method, path, headers, someBody, async (how, where, what, body) => {
        const request = { method: how, path: where, headers: what, body };
        checkAnswer(await desk.service.handle(request));
      }),
      { numRuns: 300 },
    );
  });

  it("and after all that a good badge still opens the door", async () => {
    const card = await badge(desk.service, node.provisioning.tenantId);
    assert.equal((await node.tap(card)).granted, true);
    assert.equal((await desk.service.admin.verifyAudit(node.provisioning.tenantId)).intact, true);
    assert.ok(!desk.log.some((line) => line.includes('"internal"')));
  });
});

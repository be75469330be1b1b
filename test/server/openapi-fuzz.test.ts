import assert from "node:assert/strict";
import fc from "fast-check";
import { toLatchkeyError } from "../../protocol/errors.ts";
import type { JsonObject, JsonValue } from "../../protocol/json/reader.ts";
import { accepts, type Documented, OPERATIONS } from "./api-check.ts";
import { bent } from "./bent-values.ts";
import { badge, codeOf } from "./desk.ts";
import { sampleOf, valuesOf } from "./schema-values.ts";
import { FOR_NODES, FOR_OPERATORS, type House, requestSchema, TwoTenants } from "./two-tenants.ts";

/** The same inputs with each run; another number gives others. */
const SEED = Number(process.env["LATCHKEY_FUZZ_SEED"] ?? 6);
const RUNS = Number(process.env["LATCHKEY_FUZZ_RUNS"] ?? 40);

const bearerOf = ({ operation }: Documented, scheme: string): boolean =>
  operation.security.some((each) => scheme in each);

/** Rules between fields that no schema says: what fits it may still be refused for them. */
const BEYOND: Readonly<Record<string, RegExp>> = {
  ii_post: /^(readings|reading|lat|lon|lost|named|updated_at|seq|log_id|count|sensor)/,
  ii_firmware: /^offset/,
  it_node_checkin: /^denials/,
  im_put_site: /^time_zone$/,
  im_put_zone: /^(area|seconds)$/,
  im_put_schedule: /^(days|to)$/,
  im_put_calendar: /^(date|to)$/,
  im_put_person: /^(label|groups)$/,
  im_add_entitlement: /^(person|until)$/,
  im_upload_piece: /^data$/,
};

/** Answers that stand for "not understood". */
const REFUSED = ["malformed", "unsupported-version"];

describe("requests made from the OpenAPI document", function () {
  this.timeout(60_000);
  let both: TwoTenants;
  let house: House;
  const tally = { valid: 0, invalid: 0 };
  before(async () => {
    both = new TwoTenants();
    house = await both.house();
  });
  after(() => both.close());

  /** What the endpoint says, and to which field if it says so. */
  async function ask(
    operation: Documented,
    body: JsonValue,
  ): Promise<[code: string, field: string]> {
    const { path, operation: said } = operation;
    if (bearerOf(operation, "session")) {
      const answer = house.node.identity.call(path, body as JsonObject).then(
        () => ["ok", ""] as const,
        (error) => {
          const { code, detail } = toLatchkeyError(error);
          return [code, String(detail["field"] ?? "")] as const;
        },
      );
      return [...(await answer)];
    }
    const token = bearerOf(operation, "backEnd") ? house.backEnd.token : house.tokens.admin;
    const headers = (said.parameters ?? []).map(({ name, schema }) => [name, sampleOf(schema)]);
    const authorization = said.security.length > 0 ? { authorization: `Bearer ${token}` } : {};
    const answer = await both.desk.post(path, JSON.stringify(body), {
      ...Object.fromEntries(headers),
      ...authorization,
    });
    return [codeOf(answer), JSON.parse(answer.body).field ?? ""];
  }

  const withBody = OPERATIONS.filter((operation) => requestSchema(operation) !== undefined);
  it("are made for every endpoint that takes a body", () => {
    assert.ok(withBody.length >= 35, `${withBody.length}`);
    for (const operation of [...FOR_NODES, ...FOR_OPERATORS])
      assert.ok(withBody.includes(operation) || operation.method === "GET");
  });

  for (const operation of withBody) {
    const id = operation.operation.operationId;
    const schema = requestSchema(operation)!;
    // A back end's request is looked at behind its application's token, which cannot be made up.
    const comparable = id !== "ia_open" && id !== "ia_seal";

    it(`${id}: refuses what its schema refuses, and understands what its schema takes`, async () => {
      const given = { tenant_id: house.tenantId };
      const bodies = bent(fc.oneof(valuesOf(schema, given), valuesOf(schema)));
      await fc.assert(
        fc.asyncProperty(bodies, async (body) => {
          const sent = JSON.parse(JSON.stringify(body)) as JsonValue;
          const [code, field] = await ask(operation, sent);
          assert.notEqual(code, "internal");
          if (!comparable) return;
          const isValid = accepts(schema, sent);
          tally[isValid ? "valid" : "invalid"]++;
          if (!isValid) assert.ok(REFUSED.includes(code), `${code}, but not valid`);
          else if (!BEYOND[id]?.test(field.replace(/^.*\./, "")) && !BEYOND[id]?.test(field))
            assert.ok(!REFUSED.includes(code), `${code} ${field}, but valid`);
        }),
        { seed: SEED, numRuns: RUNS },
      );
    });
  }

  for (const operation of OPERATIONS.filter(({ method }) => method === "GET"))
    it(`${operation.operation.operationId}: takes any query and answers as documented`, async () => {
      const { parameters = [] } = operation.operation;
      const names = [...parameters.map(({ name }) => name), "extra", "__proto__"];
      const pair = fc.tuple(
        fc.constantFrom(...names),
        fc.oneof(
          fc.string({ maxLength: 20, unit: "binary" }),
          fc.constantFrom("", "1", "-1", "1e9", "asc", "csv", "2026-01-01"),
          fc.constant("TENANT"),
        ),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(pair, { maxLength: 5 }), async (pairs) => {
          const query = new URLSearchParams(
            pairs.map(([name, value]): [string, string] => [
              name,
              value === "TENANT" ? house.tenantId : value,
            ]),
          );
          const answer = await both.desk.service.handle({
            method: "GET",
            path: `/${operation.path}?${query}`,
            headers: { authorization: `Bearer ${house.tokens.admin}` },
            body: "",
          });
          await answer.stream?.return?.();
          assert.ok(answer.status < 500);
        }),
        { seed: SEED, numRuns: RUNS },
      );
    });

  it("were good and bad ones in equal measure, more or less", () => {
    const { valid, invalid } = tally;
    assert.ok(valid > RUNS * 8 && invalid > RUNS * 8, JSON.stringify(tally));
  });

  it("leave everything in order: a good badge opens the door, and the audit log is intact", async () => {
    const card = await badge(both.desk.service, house.tenantId);
    assert.equal((await house.node.tap(card)).granted, true);
    assert.equal((await both.desk.service.admin.verifyAudit(house.tenantId)).intact, true);
    assert.ok(!both.desk.log.some((line) => line.includes('"internal"')));
  });
});

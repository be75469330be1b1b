import assert from "node:assert/strict";
import { Validator } from "@seriousme/openapi-schema-validator";
import { ERROR_CODES } from "../../protocol/error-codes.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../protocol/json/reader.ts";
import { ENDPOINTS } from "../../server/api/endpoints.ts";
import { openApiDocument } from "../../server/api/openapi.ts";
import { normalise } from "../../server/request-parts.ts";
import { PERMISSIONS } from "../../server/roles.ts";
import { checkDocumented, checkSealed, DOCUMENT, OPERATIONS } from "./api-check.ts";
import { Desk } from "./desk.ts";

/** Every `$ref` of a document. */
function references(value: JsonValue): string[] {
  if (Array.isArray(value)) return value.flatMap(references);
  if (!isJsonObject(value)) return [];
  const own = typeof value["$ref"] === "string" ? [value["$ref"]] : [];
  return [...own, ...Object.values(value).flatMap(references)];
}

describe("the OpenAPI document", () => {
  it("is OpenAPI 3.1 to a validator that is not ours", async () => {
    for (const withApplications of [true, false]) {
      const document = structuredClone(openApiDocument(ENDPOINTS, withApplications));
      const validator = new Validator();
      const { valid, errors } = await validator.validate(document);
      assert.ok(valid, JSON.stringify(errors));
      assert.equal(validator.version, "3.1");
    }
    const broken = { ...structuredClone(DOCUMENT), paths: { "/x": { post: { responses: 5 } } } };
    assert.equal((await new Validator().validate(broken)).valid, false);
  });

  it("is served to anyone, and is the one that the answers are held against", async () => {
    for (const applications of [{ origins: ["https://shop.example"] }, undefined]) {
      const desk = new Desk(applications && { applications });
      const request = { method: "GET", path: "/openapi.json", headers: {}, body: "" };
      const { status, headers, body } = await desk.service.handle(request);
      assert.equal(status, 200);
      assert.equal(headers["content-type"], "application/json");
      const document = openApiDocument(ENDPOINTS, applications !== undefined);
      assert.deepEqual(JSON.parse(body), JSON.parse(JSON.stringify(document)));
      desk.close();
    }
  });

  it("has what the router has, each under one name", () => {
    const routed = ENDPOINTS.map(({ path }) => path);
    assert.deepEqual(new Set(OPERATIONS.map(({ path }) => normalise(path))), new Set(routed));
    assert.equal(new Set(routed).size, routed.length);
    const ids = OPERATIONS.map(({ operation }) => operation.operationId);
    assert.equal(new Set(ids).size, ids.length);
  });

  it("refers to nothing that it does not have", () => {
    for (const reference of references(DOCUMENT)) {
      const at = reference.slice(2).split("/");
      assert.equal(at.length, 3);
      const found = at.reduce<JsonValue>((value, name) => (value as JsonObject)[name]!, DOCUMENT);
      assert.ok(found, reference);
    }
  });

  it("names for each endpoint the codes that everybody may be told", () => {
    for (const { path, operation } of OPERATIONS) {
      const codes = Object.values(operation.responses).flatMap(({ content }) => {
        const problem = content["application/problem+json"]?.schema["properties"] as JsonObject;
        return problem === undefined ? [] : ((problem["code"] as JsonObject)["enum"] as string[]);
      });
      for (const code of ["malformed", "unavailable", "internal"])
        assert.ok(codes.includes(code), `${path} ${code}`);
      for (const code of codes) assert.ok(code in ERROR_CODES, code);
    }
  });

  it("names the roles that an operator's endpoint is for, as the table has them", () => {
    const tables = Object.values(PERMISSIONS).map((roles) => roles.join());
    const forOperators = OPERATIONS.filter(({ operation }) =>
      operation.security.some((scheme) => "operator" in scheme),
    );
    assert.ok(forOperators.length >= 5);
    for (const { path, operation } of forOperators)
      assert.ok(tables.includes(operation["x-latchkey-roles"]?.join() ?? ""), path);
  });
});

describe("an answer that is not documented", () => {
  const time = { method: "POST", path: "/identity_iot/ii_time" };
  const json = { "content-type": "application/json" };
  const good = { server_time: 1, server_sig: "A".repeat(86) };
  const answer = (body: object, status = 200, headers: Record<string, string> = json) => ({
    ...{ status, headers },
    body: JSON.stringify(body),
  });
  const problem = (code: keyof typeof ERROR_CODES, status = ERROR_CODES[code].status!) =>
    answer({ type: `/docs/errors#${code}`, title: ERROR_CODES[code].title, status, code }, status, {
      "content-type": "application/problem+json",
    });

  it("is a fault of the test that gets it: a field too few, too many or of another type", () => {
    checkDocumented(time, answer(good));
    for (const bent of [
      {},
      { ...good, extra: 1 },
      { ...good, server_time: "1" },
      { ...good, server_sig: "A" },
    ])
      assert.throws(() => checkDocumented(time, answer(bent)), /not as documented/);
  });

  it("so is a code or a status that the endpoint does not name, or another content type", () => {
    checkDocumented(time, problem("malformed"));
    checkDocumented(time, problem("malformed", 413));
    assert.throws(() => checkDocumented(time, problem("badge-unknown")), /not documented/);
    assert.throws(() => checkDocumented(time, problem("replay")), /not documented/);
    assert.throws(() => checkDocumented(time, problem("envelope-invalid")), /not as documented/);
    assert.throws(() => checkDocumented(time, answer(good, 201)), /not documented/);
    const html = { "content-type": "text/html" };
    assert.throws(() => checkDocumented(time, answer(good, 200, html)), /not documented/);
  });

  it("so is an endpoint that nobody wrote down", () => {
    assert.throws(() => checkDocumented({ ...time, path: "/secret" }, answer({ a: 1 })));
    checkDocumented({ ...time, path: "/secret" }, problem("not-found"));
  });

  it("so is what was in an envelope", () => {
    const path = "identity_tag/it_request_challenge";
    const fine = { challenge_id: crypto.randomUUID(), nonce: "A".repeat(43), expires_in: 55 };
    checkSealed(path, fine);
    assert.throws(() => checkSealed(path, { ...fine, key: "x" }), /not as documented/);
    assert.throws(() => checkSealed("identity_iot/ii_time", fine), /not documented as sealed/);
  });
});

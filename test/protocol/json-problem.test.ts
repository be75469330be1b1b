import assert from "node:assert/strict";
import fc from "fast-check";
import { ERROR_CODES, type ErrorCode } from "../../protocol/error-codes.ts";
import { LatchkeyError, malformed } from "../../protocol/errors.ts";
import { fromProblem, toProblem } from "../../protocol/json/problem.ts";

const codes = Object.keys(ERROR_CODES) as ErrorCode[];

describe("a problem document", () => {
  it("carries every code that a server may send there and back", () => {
    for (const code of codes.filter((code) => ERROR_CODES[code].status !== undefined)) {
      const problem = toProblem(new LatchkeyError(code));
      assert.equal(problem.status, ERROR_CODES[code].status);
      assert.equal(problem.type, `/docs/errors#${code}`);
      assert.equal(fromProblem(problem.status, JSON.stringify(problem)).code, code);
    }
  });

  it("names the field that was malformed", () => {
    const error = fromProblem(
      400,
      JSON.stringify(toProblem(malformed("node_pk", "needs 32 bytes"))),
    );
    assert.equal(error.detail["field"], "node_pk");
    assert.equal(error.message, "node_pk: needs 32 bytes");
  });

  it("says how long to wait and which limit was hit", () => {
    const limited = new LatchkeyError("rate-limited", {
      detail: { limit: "per-node", retry_after: 7 },
    });
    const { detail } = fromProblem(429, JSON.stringify(toProblem(limited)));
    assert.deepEqual([detail["limit"], detail["retry_after"]], ["per-node", 7]);
  });

  it("tells a stranger nothing of what failed inside", () => {
    const cause = new Error("database password is hunter2");
    const error = new LatchkeyError("internal", {
      message: "SELECT failed at /srv/db",
      cause,
      detail: { path: "/srv/db", incident: "i-1", field: "x" },
    });
    const problem = toProblem(error);
    assert.deepEqual(Object.keys(problem).sort(), ["code", "incident", "status", "title", "type"]);
    const local = toProblem(new LatchkeyError("storage-corrupt", { message: "/srv/db" }));
    assert.deepEqual([local.code, local.status, local.detail], ["internal", 500, undefined]);
  });

  it("leaves out facts that are not on the list", () => {
    const error = new LatchkeyError("conflict", { detail: { seed: "abcd", sw: "6a82" } });
    assert.deepEqual(Object.keys(toProblem(error)).sort(), ["code", "status", "title", "type"]);
  });

  it("of another service, a proxy or a captive portal is not-latchkey", () => {
    const others = [
      "",
      "<html>Welcome to the hotel</html>",
      "{}",
      "[]",
      '{"code":7}',
      '{"code":"nope"}',
    ];
    // A code that never leaves a node cannot come from a server.
    for (const body of [...others, '{"code":"server-untrusted"}', '{"code":"toString"}'])
      assert.equal(fromProblem(502, body).code, "not-latchkey");
    assert.equal(fromProblem(502, "").detail["status"], 502);
  });

  it("with damaged extras still tells its code", () => {
    const body = JSON.stringify({
      code: "replay",
      detail: "two\nlines",
      retry_after: -1,
      field: 3,
    });
    const error = fromProblem(409, body);
    assert.equal(error.code, "replay");
    assert.equal(error.message, ERROR_CODES.replay.title);
    assert.deepEqual([error.detail["retry_after"], error.detail["field"]], [undefined, undefined]);
  });

  it("of any text gives an error, never an exception", () => {
    const value = fc.oneof(fc.string(), fc.json({ maxDepth: 2 }));
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), value, (status, body) => {
        assert.ok(fromProblem(status, body) instanceof LatchkeyError);
      }),
    );
  });
});

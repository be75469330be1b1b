import assert from "node:assert/strict";
import fc from "fast-check";
import { parseBody } from "../../server/json-body.ts";

const isRefused = (text: string): boolean => {
  try {
    parseBody(text);
    return false;
  } catch (error) {
    assert.equal((error as { code?: string }).code, "malformed");
    return true;
  }
};

describe("a name that comes twice in a body", () => {
  it("is refused, at any depth and however it is spelled", () => {
    for (const text of [
      '{"a":1,"a":1}',
      '{"a":1,"\\u0061":2}',
      '{"x":{"a":1,"b":2,"a":3}}',
      '{"x":[{"a":1},{"a":1,"a":2}]}',
      '{"__proto__":1,"__proto__":2}',
      '{"a":{"b":1},"a":{"c":1}}',
    ])
      assert.ok(isRefused(text), text);
  });

  it("is not seen where there is none: colons and names in texts, one name in two objects", () => {
    for (const text of [
      "{}",
      '{"a":":\\":\\\\","b":"a"}',
      '{"a":{"a":{"a":1}}}',
      '{"x":[{"a":1},{"a":2}]}',
      '{"__proto__":1,"constructor":2,"":3}',
      '{"a:a":1}',
    ])
      assert.ok(!isRefused(text), text);
  });

  it("is never seen in what JSON.stringify has written", () => {
    const body = fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ maxDepth: 4 }));
    fc.assert(
      fc.property(body, (value) => {
        const text = JSON.stringify(value);
        assert.deepEqual(parseBody(text).value, JSON.parse(text));
      }),
      { seed: 6, numRuns: 300 },
    );
  });
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { fromUtf8, toUtf8 } from "../../protocol/encoding/utf8.ts";
import { decodeBody, encodeBody } from "../../protocol/json/body.ts";
import {
  MAX_BODY_LENGTH,
  parseBytes,
  parseObject,
  parseValue,
} from "../../protocol/json/reader.ts";
import { parses, throwsCode } from "./error-code.ts";

const read = (value: unknown) => parseObject(JSON.stringify(value));

describe("a JSON body", () => {
  it("must be an object", () => {
    for (const text of [
      "",
      "null",
      "[]",
      "1",
      '"x"',
      "{",
      "{}x",
      "{'a':1}",
      "<html></html>",
      "\u0000",
    ])
      throwsCode(() => parseObject(text), "malformed", "body");
    assert.equal(parseObject(" {} ").has("a"), false);
  });

  it("is refused above 16 KiB, before it is parsed", () => {
    const fill = (length: number) => `{"a":"${"x".repeat(length - 8)}"}`;
    assert.equal(fill(MAX_BODY_LENGTH).length, MAX_BODY_LENGTH);
    assert.equal(parseObject(fill(MAX_BODY_LENGTH)).has("a"), true);
    throwsCode(() => parseObject(fill(MAX_BODY_LENGTH + 1)), "malformed", "body");
  });

  it("is nested 8 deep at most, whatever brackets stand in its strings", () => {
    const nested = (depth: number) => `{"a":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
    parseObject(nested(8));
    throwsCode(() => parseObject(nested(9)), "malformed", "body");
    throwsCode(() => parseObject(`{"a":${"[".repeat(10_000)}`), "malformed", "body");
    parseObject(JSON.stringify({ a: '\\"[[[[[[[[[[[[{{{{{{{{{', b: "]]]]" }));
    throwsCode(
      () => parseObject(`{"a\\\\":${"[".repeat(20)}1${"]".repeat(20)}}`),
      "malformed",
      "body",
    );
  });

  it("has no fields but its own", () => {
    const body = parseObject('{"__proto__":{"admin":true}}');
    assert.equal(body.has("admin"), false);
    assert.equal(body.has("toString"), false);
    throwsCode(() => body.string("constructor"), "malformed", "constructor");
    throwsCode(() => body.boolean("admin"), "malformed", "admin");
  });

  it("may hold fields that nobody asks for", () => {
    assert.equal(read({ a: 1, from_the_future: {} }).uint("a"), 1);
  });
});

describe("a field", () => {
  it("must be there unless it is optional, and null is not absent", () => {
    throwsCode(() => read({}).string("a"), "malformed", "a");
    assert.equal(read({}).optionalString("a"), undefined);
    throwsCode(() => read({ a: null }).optionalString("a"), "malformed", "a");
    throwsCode(() => read({ a: null }).optionalUint("a"), "malformed", "a");
  });

  it("of text is one line of whole characters within its length", () => {
    assert.equal(read({ a: "Zoë 🚪" }).string("a"), "Zoë 🚪");
    throwsCode(() => read({ a: "" }).string("a"), "malformed", "a");
    assert.equal(read({ a: "" }).string("a", { min: 0 }), "");
    throwsCode(() => read({ a: "abcd" }).string("a", { max: 3 }), "malformed", "a");
    for (const bad of [
      "a\nb",
      "a\rb",
      "\u0000",
      "\u001b[2J",
      "\u007f",
      "\u0085",
      "\u2028",
      "\ud800",
      "\udc00x",
    ])
      throwsCode(() => parseObject(JSON.stringify({ a: bad })).string("a"), "malformed", "a");
    for (const bad of [1, true, [], {}])
      throwsCode(() => read({ a: bad }).string("a"), "malformed", "a");
  });

  it("of a word is of a-z, 0-9 and hyphen", () => {
    assert.equal(read({ a: "door-2" }).word("a"), "door-2");
    for (const bad of ["Door", "a b", "ü", "", "<b>", "x".repeat(9)])
      throwsCode(() => read({ a: bad }).word("a", { max: 8 }), "malformed", "a");
  });

  it("of bytes has its length, in either alphabet", () => {
    assert.deepEqual(read({ a: "-_8" }).bytes("a", 2), Uint8Array.of(0xfb, 0xff));
    assert.deepEqual(read({ a: "+/8=" }).bytes("a", 2), Uint8Array.of(0xfb, 0xff));
    assert.deepEqual(read({ a: "" }).bytes("a", { min: 0, max: 2 }), new Uint8Array(0));
    for (const bad of ["AA", "AAAA", "AA=A", "A", "AAAAAAAA", "A A", "", 5])
      throwsCode(() => read({ a: bad }).bytes("a", 2), "malformed", "a");
  });

  it("of a number is an unsigned integer", () => {
    assert.equal(read({ a: 2 ** 53 - 1 }).uint("a"), 2 ** 53 - 1);
    assert.equal(Object.is(parseObject('{"a":-0}').uint("a"), 0), true);
    throwsCode(() => read({ a: 11 }).uint("a", { max: 10 }), "malformed", "a");
    assert.equal(read({ a: -0.5 }).number("a"), -0.5);
    assert.equal(Object.is(parseObject('{"a":-0}').number("a"), 0), true);
    for (const bad of ["1e999", "-1e999", '"1"', "null", "true", "[1]"])
      throwsCode(() => parseObject(`{"a":${bad}}`).number("a"), "malformed", "a");
    for (const bad of ["-1", "1.5", "1e300", "9007199254740992", '"1"', "true", "null"])
      throwsCode(() => parseObject(`{"a":${bad}}`).uint("a"), "malformed", "a");
  });

  it("of a choice is one of its words", () => {
    assert.equal(read({ a: "b" }).oneOf("a", ["a", "b"]), "b");
    for (const bad of ["c", "B", 1, ["b"]])
      throwsCode(() => read({ a: bad }).oneOf("a", ["a", "b"]), "malformed", "a");
  });

  it("inside others is named by its whole path", () => {
    const body = read({ a: { b: { c: 1 } }, list: [{ d: 1 }, {}], words: ["x", 1] });
    throwsCode(() => body.object("a").object("b").string("c"), "malformed", "a.b.c");
    throwsCode(() => body.objects("list", { max: 2 })[1]!.uint("d"), "malformed", "list[1].d");
    throwsCode(() => body.objects("words", { max: 2 }), "malformed", "words[0]");
    throwsCode(() => body.array("list", { max: 1 }), "malformed", "list");
    throwsCode(() => body.object("list"), "malformed", "list");
    assert.equal(body.optionalObject("a")?.object("b").uint("c"), 1);
    assert.equal(body.optionalObject("z"), undefined);
    assert.equal(
      body.optional("z", () => 1),
      undefined,
    );
    assert.equal(
      body.optional("list", (reader) => reader.array("list", { max: 2 }).length),
      2,
    );
  });

  it("read in the wrong way throws nothing but malformed", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
        const body = read({ a: value });
        const attempts = [
          () => body.string("a"),
          () => body.uuid("a"),
          () => body.bytes("a", 16),
          () => body.uint("a"),
          () => body.boolean("a"),
          () => body.object("a").string("b"),
          () => body.objects("a", { max: 3 }),
        ];
        for (const attempt of attempts) parses(attempt, "malformed");
      }),
    );
  });
});

describe("JSON text from anywhere", () => {
  it("is parsed or malformed, nothing else", () => {
    const pieces = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      '"',
      "\\",
      ":",
      ",",
      "a",
      "1",
      "-",
      "e",
      " ",
      "\ud800",
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(pieces, { maxLength: 40 }).map((all) => all.join("")),
    );
    fc.assert(
      fc.property(text, (value) => void parses(() => parseObject(value), "malformed")),
      { numRuns: 500 },
    );
  });
});

describe("the bytes of a body", () => {
  it("carry any JSON object there and back", () => {
    const value = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 });
    fc.assert(
      fc.property(value, (object) => {
        const plain = JSON.parse(JSON.stringify(object));
        assert.deepEqual(JSON.parse(JSON.stringify(decodeBody(encodeBody(object)).value)), plain);
      }),
    );
  });

  it("are refused for what JSON cannot carry", () => {
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    for (const bad of [circle, [], { a: 1n }, () => {}, new Date(0)] as object[])
      throwsCode(() => encodeBody(bad), "malformed", "body");
  });

  it("from anywhere are an object or malformed", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (value) => void parses(() => decodeBody(value), "malformed")),
    );
  });
});

describe("JSON that is read in pieces", () => {
  const limits = { length: 4000, depth: 6 };
  const read = (bytes: Uint8Array) => {
    const work = parseBytes(bytes, "text", limits);
    let rests = 0;
    for (;;) {
      const step = work.next();
      if (step.done === true) return { ...step.value, rests };
      rests++;
    }
  };
  const whole = (bytes: Uint8Array) => parseValue(fromUtf8(bytes, "text"), "text", limits);

  it("is what it is as a whole, or refused as it is, wherever a piece ends", () => {
    const text = fc.oneof(
      fc.json({ maxDepth: 8 }),
      fc.string({ unit: "binary", maxLength: 900 }).map((value) => JSON.stringify([value])),
      fc.string({ unit: "grapheme", minLength: 240, maxLength: 900 }).map((value) => `"${value}"`),
    );
    const bytes = fc.oneof(text.map(toUtf8), fc.uint8Array({ maxLength: 700 }));
    fc.assert(
      fc.property(bytes, (value) => {
        const expected = outcome(() => whole(value));
        assert.deepEqual(
          outcome(() => read(value).value),
          expected,
        );
      }),
      { numRuns: 300 },
    );
  });

  it("rests after every 256 bytes, and is refused in the piece that is too deep or too much", () => {
    assert.equal(read(toUtf8(`"${"x".repeat(1000)}"`)).rests, 4);
    let pieces = 0;
    const deep = parseBytes(toUtf8("[".repeat(100_000)), "text", limits);
    throwsCode(() => {
      for (const _ of deep) pieces++;
    }, "malformed");
    assert.equal(pieces, 0);
    const long = parseBytes(toUtf8(`"${"x".repeat(100_000)}"`), "text", limits);
    throwsCode(() => {
      for (const _ of long) pieces++;
    }, "malformed");
    assert.equal(pieces, Math.floor(4000 / 256));
  });
});

/** What comes out, or the code. */
function outcome(run: () => unknown): unknown {
  try {
    return { value: run() };
  } catch (error) {
    return (error as { code: string }).code;
  }
}

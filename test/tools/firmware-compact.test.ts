import assert from "node:assert/strict";
import {
  constantDeclarations,
  functionsAsConstants,
  literalsFirst,
} from "../../tools/firmware/compact.ts";

describe("the text of an image's JavaScript", () => {
  it("has constants where the bundler made variables, and nothing else is touched", () => {
    const text = 'var a = 1;\nlet b;\nvar c;\n  var d = "var e = 1;";\n';
    assert.equal(
      constantDeclarations(text),
      'const a = 1;\nlet b;\nvar c;\n  var d = "var e = 1;";\n',
    );
  });

  it("begins with numbers and short texts, and with what is computed of them alone", () => {
    const text = [
      "const list = Object.freeze([1]);",
      "const SIZE = 64;",
      "const TWICE = (SIZE + 1) * 2;",
      "const first = list.length + SIZE;",
      "const word = `x`;",
      'const NAME = "a; const b = 1;";',
      "const ALL = 2 ** 32 - 1;",
      "const made = Number(SIZE);",
      "const later = unknown + 1;",
      "",
    ].join("\n");
    const lines = literalsFirst(text).split("\n");
    assert.deepEqual(lines.slice(0, 4), [
      "const SIZE = 64;",
      "const TWICE = (SIZE + 1) * 2;",
      'const NAME = "a; const b = 1;";',
      "const ALL = 2 ** 32 - 1;",
    ]);
    assert.deepEqual(
      lines.slice(4).map((line) => line.split(" ")[1]),
      [...["list", "first", "word", "made", "later"], undefined],
    );
  });

  it("has functions without prototypes, before everything that calls them", async () => {
    const text = [
      "const nine = square(3);",
      "function square(x, { by = 1 } = {}) {",
      "  return x * x * by;",
      "}",
      "export { nine, square };",
      "",
    ].join("\n");
    const made = functionsAsConstants(text);
    assert.ok(made.startsWith("const square = (x, { by = 1 } = {}) => {\n"), made);
    const run = await import(`data:text/javascript,${encodeURIComponent(made)}`);
    assert.equal(run.nine, 9);
    assert.equal(run.square(2), 4);
    assert.equal("prototype" in run.square, false);
  });

  it("leaves alone what an arrow function would not do the same", () => {
    const texts = [
      "function a() {\n  return this.x;\n}\n",
      "function a() {\n  return arguments.length;\n}\n",
      "function a() {\n  return new.target;\n}\n",
      "function* a() {\n  yield 1;\n}\n",
      "function a() {\n}\nconst b = new a();\n",
      "function a() {\n}\nconst b = class extends a {\n};\n",
      "const b = (x) => x instanceof $a;\nfunction $a() {\n}\n",
      // The brace of the text is not that of the function.
      "function a() {\n  return `{\n}\n`;\n}\n",
    ];
    for (const text of texts) assert.equal(functionsAsConstants(text), text);
  });
});

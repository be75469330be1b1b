import assert from "node:assert/strict";
import { offences } from "./portable.ts";
import { codeOnly, typescriptFiles } from "./source.ts";

describe("the portable rooms", () => {
  it("reach for nothing but what is handed to them", () => {
    const files = typescriptFiles("protocol", "hal", "firmware");
    assert.ok(files.length > 20);
    assert.deepEqual(
      files.flatMap((file) => offences(file)),
      [],
    );
  });

  it("are searched for what is really code", () => {
    const text = [
      "// Date.now() in a comment",
      'const a = "setTimeout";',
      `const b = \`Buffer ${"$"}{process.pid} console.log\`;`,
      "const c = /Date/.test(x) ? platform.process.id : { Date: 1 };",
      "const table = new Map();",
      "let count = 0;",
      "const later = () => setTimeout(count, Date.now() / 2);",
    ].join("\n");
    assert.deepEqual(offences("x.ts", text), [
      "x.ts:7 Date: time comes from Clock",
      "x.ts:7 setTimeout: time comes from Timer",
      "x.ts:3 process.: no Node on the device",
      "x.ts:6 let: state of a module cannot be preloaded into flash",
      "x.ts:5 const table = new Map: state of a module cannot be preloaded into flash",
    ]);
  });

  it("keep their line numbers when strings and comments go", () => {
    const text = `a /* x\ny */ b \`c\n${"$"}{d}\` // e\nf`;
    assert.deepEqual(
      codeOnly(text)
        .split("\n")
        .map((line) => line.trimEnd()),
      ["a", "     b", "  d", "f"],
    );
  });
});

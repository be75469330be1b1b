import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CURVE_TABLES, curveTables } from "../../tools/firmware/curve-tables.ts";
import { root } from "../support/test-files.ts";

describe("the tables of the C for the curves", () => {
  it("are what is made of the curve in TypeScript: else run `node tools/firmware/curve-tables.ts`", () => {
    assert.equal(readFileSync(join(root, CURVE_TABLES), "utf8"), curveTables());
  });
});

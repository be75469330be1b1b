import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { exitCodeOf } from "../../tools/cli/exit-codes.ts";
import { withCode } from "../../tools/cli/system-error.ts";

describe("failures of the system", () => {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-system-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  function failureOf(work: () => void): unknown {
    try {
      work();
    } catch (error) {
      return withCode(error);
    }
    return assert.fail("it should have failed");
  }

  it("name the path that cannot be used, and are no defect of ours", () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    const error = failureOf(() => mkdirSync(join(file, "server"), { recursive: true }));
    assert.match(String(error), /file\/server cannot be used/);
    assert.equal(exitCodeOf(error), 4);
  });

  it("include a damaged database", () => {
    const file = join(folder, "latchkey.db");
    writeFileSync(file, "this is no database, ".repeat(100));
    const error = failureOf(() => new DatabaseSync(file).exec("PRAGMA journal_mode = WAL"));
    assert.equal((error as { code?: string }).code, "file-unusable");
  });

  it("leave what is a defect one", () => {
    const defect = new TypeError("x is not a function");
    assert.equal(withCode(defect), defect);
    assert.equal(exitCodeOf(withCode(defect)), 70);
  });
});

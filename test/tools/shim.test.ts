import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "../support/test-files.ts";

const run = promisify(execFile);
const shim = join(root, "tools", "bin", "latchkey.js");

/** Makes the shim believe that it runs on an old Node. */
const OLD = "data:text/javascript,Object.defineProperty(process.versions,'node',{value:'20.11.1'})";

describe("the latchkey executable", function () {
  this.timeout(10_000);

  it("runs", async () => {
    const { stdout } = await run(process.execPath, [shim, "--version"]);
    assert.match(stdout, /^latchkey \d+\.\d+\.\d+\n$/);
  });

  it("passes the exit code on, also from an old Node through the one it brings", async () => {
    const failing = run(process.execPath, ["--import", OLD, shim, "docter"]);
    await assert.rejects(failing, (error: { code: number; stderr: string }) => {
      assert.equal(error.code, 2);
      assert.match(error.stderr, /did you mean `doctor`\?/);
      return true;
    });
  });

  it("says what to type when there is no Node that is new enough", async () => {
    const folder = mkdtempSync(join(tmpdir(), "latchkey-shim-"));
    try {
      const alone = join(folder, "tools", "bin", "latchkey.mjs");
      cpSync(shim, alone);
      await assert.rejects(
        run(process.execPath, ["--import", OLD, alone]),
        (error: { code: number; stderr: string }) => {
          assert.equal(error.code, 4);
          assert.match(error.stderr, /needs Node 24 or later; this is v\d+[\s\S]*npm install/);
          return true;
        },
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

import assert from "node:assert/strict";
import { importsOf } from "../house/imports.ts";
import { readText, typescriptFiles } from "../house/source.ts";

/** Files outside of the tests that import one whose name begins so. */
function importersOf(prefix: string): string[] {
  const sources = typescriptFiles(
    "protocol",
    "hal",
    "firmware",
    "host-sim",
    "server",
    "sdk",
    "tools",
  );
  return sources.filter((file) => importsOf(file).some(({ to }) => to.startsWith(prefix)));
}

describe("what is unsafe in the claims room", () => {
  it("can sign without a lease, and is known to the signers, the tree and compat alone", () => {
    const allowed = [
      ...["key-tree", "lease-record", "signers", "compat/claim", "compat/manifest"],
    ].map((name) => `protocol/claims/${name}.ts`);
    assert.deepEqual(importersOf("protocol/claims/wots-secret.ts").sort(), allowed.sort());
    const signing = allowed.filter((file) => readText(file).includes("unsafeWotsSign"));
    assert.equal(signing.includes("protocol/claims/lease-record.ts"), false);
  });

  it("decides as the reference does, and nothing that runs uses it", () => {
    const users = importersOf("protocol/claims/compat/");
    assert.deepEqual(
      users.filter((file) => !file.startsWith("protocol/claims/compat/")),
      [],
    );
  });
});

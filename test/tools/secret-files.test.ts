import assert from "node:assert/strict";
import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { saveDesk } from "../../host-sim/node/desk-store.ts";
import { writePrivateFile } from "../../server/private-file.ts";

describe("a file with secrets", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "latchkey-secret-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const modeOf = (path: string): number => statSync(path).mode & 0o777;

  it("is its owner's, also where one stood that others could read", () => {
    const path = join(folder, "latchkey.json");
    writeFileSync(path, "old");
    chmodSync(path, 0o644);
    writePrivateFile(path, "new");
    assert.equal(readFileSync(path, "utf8"), "new");
    assert.equal(modeOf(path), 0o600);
  });

  it("does not go where somebody laid a link", () => {
    const [path, elsewhere] = [join(folder, "sim.json"), join(folder, "elsewhere")];
    writeFileSync(elsewhere, "untouched");
    symlinkSync(elsewhere, path);
    writePrivateFile(path, "token");
    assert.equal(readFileSync(elsewhere, "utf8"), "untouched");
    assert.equal(readFileSync(path, "utf8"), "token");
    assert.equal(modeOf(path), 0o600);
  });

  it("is written whole over what an earlier attempt left", () => {
    const path = join(folder, "latchkey.json");
    writeFileSync(`${path}.new`, "half of it, and rather long");
    chmodSync(`${path}.new`, 0o644);
    writePrivateFile(path, "new");
    assert.equal(readFileSync(path, "utf8"), "new");
    assert.equal(modeOf(path), 0o600);
  });

  it("of the desk is, too", () => {
    writeFileSync(join(folder, "desk.json.new"), "left by another");
    chmodSync(join(folder, "desk.json.new"), 0o644);
    saveDesk(folder, { badges: {} });
    assert.equal(modeOf(join(folder, "desk.json")), 0o600);
  });
}).timeout(5_000);

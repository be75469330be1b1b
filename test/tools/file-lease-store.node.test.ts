import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LeaseKeeper } from "../../protocol/claims/lease.ts";
import { portableSha3 as sha3 } from "../../protocol/crypto/portable-sha3.ts";
import { FileLeaseStore, FileLeaseWitness } from "../../tools/file-lease-store.ts";
import { rejectsCode } from "../protocol/error-code.ts";
import { purpose, seed } from "../protocol/lease-bench.ts";
import { root } from "../support/test-files.ts";

function inProcess(folder: string, count: number): Promise<number[]> {
  const args = [join(root, "test/tools/lease-process.ts"), folder, String(count)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (chunk) => (text += chunk));
  return new Promise((resolve) =>
    child.on("close", () => resolve(text.trim().split("\n").map(Number))),
  );
}

describe("leases in a folder", function () {
  this.timeout(60_000);
  let folder: string;

  const open = (name = "store") =>
    new LeaseKeeper({
      sha3,
      store: new FileLeaseStore(join(folder, name)),
      witness: new FileLeaseWitness(join(folder, "witness")),
      nowMs: () => 1,
    });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "latchkey-lease-"));
    await open().create(seed, { first: 0, end: 1000 });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("are kept over restarts, with their journal, for their owner alone", async () => {
    for (let use = 0; use < 5; use++) assert.equal(await open().reserve(seed, purpose), use);
    assert.equal((await open().audit(seed)).length, 6);
    for (const name of readdirSync(join(folder, "store")))
      assert.equal(statSync(join(folder, "store", name)).mode & 0o077, 0);
    assert.equal(readdirSync(join(folder, "store")).length, 2, "a record and a journal");
  });

  it("are given out once, whatever number of processes ask", async () => {
    const uses = (await Promise.all([1, 2, 3].map(() => inProcess(folder, 15)))).flat();
    assert.equal(uses.length, 45);
    assert.equal(new Set(uses).size, 45, "some may be lost, none comes twice");
    const journal = (await open().audit(seed)).filter(({ event }) => event === "reserved");
    const written = new Set(journal.map(({ use }) => use));
    assert.ok(uses.every((use) => written.has(use)));
  });

  it("are given out once by processes that are killed in the middle", async () => {
    const given: number[] = [];
    for (let kill = 0; kill < 6; kill++) {
      const args = [join(root, "test/tools/lease-process.ts"), folder, "1000"];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
      let text = "";
      await new Promise((resolve) => {
        child.stdout.on("data", (chunk) => {
          text += chunk;
          if (text.split("\n").length > 3 + kill) child.kill("SIGKILL");
        });
        child.on("close", resolve);
      });
      // The last line may be cut.
      given.push(...text.split("\n").slice(0, -1).map(Number));
      given.push(await open().reserve(seed, purpose));
    }
    assert.equal(new Set(given).size, given.length);
    await open().audit(seed);
  });

  it("from a copy are refused", async () => {
    await open().reserve(seed, purpose);
    cpSync(join(folder, "store"), join(folder, "copy"), { recursive: true });
    await open().reserve(seed, purpose);
    await rejectsCode(open("copy").reserve(seed, purpose), "lease-rolled-back");
    const recovered = open("copy");
    await recovered.recover(seed);
    assert.equal(await recovered.reserve(seed, purpose), 2);
  });

  it("survive what a crash leaves: half of a file of its own, half of an entry", async () => {
    await open().reserve(seed, purpose);
    const store = join(folder, "store");
    const [record] = readdirSync(store).filter((name) => /^[0-9a-f]{64}\./.test(name));
    const keyId = record!.split(".")[0]!;
    writeFileSync(join(store, `.${keyId}.1.0`), "half");
    const journal = join(store, `journal-${keyId}`);
    writeFileSync(journal, Buffer.concat([readFileSync(journal), Buffer.from("torn")]));
    assert.equal(await open().reserve(seed, purpose), 1);
    assert.equal((await open().audit(seed)).length, 3);
  });

  it("without their journal are noticed", async () => {
    await open().reserve(seed, purpose);
    const store = join(folder, "store");
    for (const name of readdirSync(store))
      if (name.startsWith("journal-")) rmSync(join(store, name));
    await rejectsCode(open().audit(seed), "lease-corrupt");
  });

  it("that are torn are refused", async () => {
    const store = join(folder, "store");
    for (const name of readdirSync(store))
      writeFileSync(join(store, name), readFileSync(join(store, name)).subarray(0, 50));
    await rejectsCode(open().reserve(seed, purpose), "lease-corrupt");
  });

  it("in a folder that cannot be are an error with a code", () => {
    const file = join(folder, "file");
    writeFileSync(file, "x");
    assert.throws(() => new FileLeaseStore(join(file, "x")), { code: "file-unusable" });
  });
});

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nodeAddress } from "../../protocol/claims/node-address.ts";
import { toBase64Url } from "../../protocol/encoding/base64.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { root } from "../support/test-files.ts";
import { AuthorityBench, NOW, PASSPHRASE, sha3 } from "./authority-bench.ts";

const NODE = new Uint8Array(32).fill(7);
const KEY = toBase64Url(NODE);

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe("latchkey authority", function () {
  this.timeout(120_000);
  let bench: AuthorityBench;
  let founded: AuthorityBench;
  before(async () => {
    founded = new AuthorityBench();
    const { exitCode } = await founded.fields("authority", "new");
    assert.equal(exitCode, 0);
  });
  after(() => founded.remove());
  beforeEach(() => {
    bench = new AuthorityBench();
    cpSync(founded.home, bench.home, { recursive: true });
  });
  afterEach(() => bench.remove());
  const authority = (...words: string[]) => bench.fields("authority", ...words);
  const resolved = () => bench.open().resolve().resolved!;

  it("founds an identity that resolves, in files for their owner alone", async () => {
    const { exitCode, out } = await bench.run("authority", "resolve");
    assert.equal(exitCode, 0);
    assert.match(out, /totem:id:organization:[0-9a-f]{64}/);
    assert.match(out, /status +active/);
    for (const file of filesBelow(bench.home)) assert.equal(statSync(file).mode & 0o077, 0, file);
  });

  it("founds one only once in a folder", async () => {
    const { id } = bench.graph().document;
    const again = await authority("new");
    assert.deepEqual([again["exitCode"], again["code"]], [4, "conflict"]);
    assert.equal(bench.graph().document.id, id);
  });

  it("delegates to an address and to a node, and revokes both", async () => {
    const to = resolved().rootAddress;
    assert.equal(
      (await authority("delegate", "--to", to, "--scope", "manifest:sign"))["exitCode"],
      0,
    );
    const words = ["--scope", "door:open", "--scope", "telemetry:write"];
    // In base64url as it goes over the wire, in hexadecimal as its console shows it.
    for (const key of [KEY, toHex(NODE)]) {
      const node = await authority("delegate", "--node", key, ...words);
      assert.equal(node["address"], nodeAddress(sha3, NODE));
    }
    assert.deepEqual(
      resolved().delegates.map(({ scopes }) => scopes),
      [["manifest:sign"], ["door:open", "telemetry:write"], ["door:open", "telemetry:write"]],
    );
    bench.nowMs += 1000;
    assert.equal((await authority("revoke", "--node", KEY, "--reason", "lost"))["exitCode"], 0);
    assert.deepEqual(resolved().controlledAddresses, [to]);
    const first = bench.graph().claims.find(({ claim }) => claim.object === to)!;
    assert.equal((await authority("revoke", "--claim", first.claim.id))["exitCode"], 0);
    bench.nowMs += 1000;
    bench.nowMs += 1000;
    assert.deepEqual(resolved().controlledAddresses, []);
    assert.deepEqual(JSON.parse(readFileSync(bench.open().graphPath, "utf8")), bench.graph());
  });

  it("ends a delegation when it was told to", async () => {
    const until = new Date(NOW + 60_000).toISOString().replace(".000", "");
    await authority("delegate", "--node", KEY, "--scope", "door:open", "--expires", until);
    assert.equal(resolved().delegates.length, 1);
    bench.nowMs += 60_001;
    assert.equal(resolved().delegates.length, 0);
  });

  it("rotates to a new key, which then issues; the old one no longer can", async () => {
    const { rootAddress } = resolved();
    bench.env["LATCHKEY_NEW_PASSPHRASE"] = "another passphrase";
    const rotated = await authority("rotate");
    assert.equal(rotated["exitCode"], 0);
    assert.notEqual(rotated["address"], rootAddress);
    assert.equal(resolved().controllerAddress, rotated["address"]);
    const wish = ["delegate", "--node", KEY, "--scope", "door:open"];
    assert.equal((await authority(...wish))["code"], "passphrase-wrong", "the old key's");
    bench.env["LATCHKEY_PASSPHRASE"] = "another passphrase";
    assert.equal((await authority(...wish))["exitCode"], 0);
    assert.equal(bench.graph().claims.at(-1)!.claim.issuer !== rootAddress, true);
    assert.equal((await authority("rotate"))["exitCode"], 0, "and once more");
    assert.equal(resolved().delegates.length, 1);
  });

  it("ends with the identity", async () => {
    assert.equal((await authority("revoke", "--identity"))["exitCode"], 0);
    assert.equal((await bench.run("authority", "resolve")).exitCode, 1);
    const late = await authority("delegate", "--node", KEY, "--scope", "door:open");
    assert.deepEqual([late["exitCode"], late["code"]], [4, "identity-revoked"]);
  });

  it("revokes nothing by a name that nothing has: a key's other address, a letter wrong", async () => {
    const signer = await bench.open().signer(PASSPHRASE);
    const { claim, manifest } = signer.addresses;
    await authority("delegate", "--to", claim, "--scope", "manifest:sign");
    assert.equal((await authority("revoke", "--delegate", manifest))["code"], "not-found");
    assert.equal((await authority("revoke", "--claim", "0".repeat(64)))["code"], "not-found");
    assert.equal((await authority("revoke", "--delegate", claim))["exitCode"], 0);
  });

  it("says nothing secret, and takes no passphrase from the command line", async () => {
    bench.env["LATCHKEY_PASSPHRASE"] = "the wrong passphrase";
    const wrong = await bench.run("authority", "rotate");
    assert.equal(wrong.exitCode, 4);
    assert.match(wrong.err, /passphrase-wrong/);
    assert.ok(!`${wrong.out}${wrong.err}`.includes("the wrong passphrase"));
    delete bench.env["LATCHKEY_PASSPHRASE"];
    const none = await bench.run("authority", "rotate");
    assert.equal(none.exitCode, 2);
    assert.match(none.err, /LATCHKEY_PASSPHRASE/);
    assert.equal((await bench.run("authority", "rotate", "--passphrase", "x")).exitCode, 2);
  });

  it("asks in a terminal, twice for a new key, and shows nothing of it", async () => {
    delete bench.env["LATCHKEY_PASSPHRASE"];
    Object.assign(bench.world.stdin, { isTTY: true });
    const place = ["--folder", "second", "--witness", "seen"];
    const run = bench.run("authority", "new", ...place);
    for (const line of [PASSPHRASE, "something else"]) {
      bench.world.stdin.write(`${line}\r`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const { exitCode, err } = await run;
    assert.equal(exitCode, 2);
    assert.match(err, /differ/);
    assert.ok(!err.includes(PASSPHRASE));
  });

  it("refuses a short passphrase, and a witness in the folder that it is to watch", async () => {
    bench.env["LATCHKEY_PASSPHRASE"] = "short";
    assert.equal((await authority("new", "--folder", "x"))["code"], "usage");
    bench.env["LATCHKEY_PASSPHRASE"] = PASSPHRASE;
    for (const witness of [".latchkey/authority", ".latchkey/authority/seen"])
      assert.equal((await authority("rotate", "--witness", witness))["code"], "usage");
  });

  it("says what is missing or does not fit, before it opens a key", async () => {
    const cases: readonly (readonly [string[], RegExp])[] = [
      [[], /one of new, delegate/],
      [["delgate"], /did you mean `delegate`/],
      [["toString"], /knows no/],
      [["new", "--kind", "robots"], /--kind is one of/],
      [["new", "--scope", "x"], /does not belong/],
      [["delegate", "--scope", "x"], /one of --to and --node/],
      [["delegate", "--node", KEY], /--scope is needed/],
      [["delegate", "--node", KEY, "--scope", "Door Open"], /--scope is needed/],
      [["delegate", "--node", "AAAA", "--scope", "x"], /32 bytes/],
      [["delegate", "--node", "eT3", "--scope", "x"], /32 bytes/],
      [["delegate", "--to", "MxFOO", "--scope", "x"], /--to is no address/],
      [["delegate", "--node", KEY, "--scope", "x", "--expires", "tomorrow"], /time in UTC/],
      [["delegate", "--node", KEY, "--scope", "x", "--expires", "2020-01-01T00:00Z"], /past/],
      [["revoke"], /revoke what/],
      [["revoke", "--identity", "--node", KEY], /revoke what/],
      [["revoke", "--claim", "12"], /64 digits/],
      [["bind"], /manifest belongs/],
      [["resolve", "x"], /manifest belongs/],
    ];
    for (const [words, message] of cases) {
      const { exitCode, err } = await bench.run("authority", ...words);
      assert.equal(exitCode, 2, words.join(" "));
      assert.match(err, message);
    }
    assert.equal(bench.graph().claims.length, 0);
  });

  it("refuses a letter wrong in an address", async () => {
    const to = resolved().rootAddress.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
    const { code } = await authority("delegate", "--to", to, "--scope", "x");
    assert.equal(code, "usage");
  });

  it("names each claim of a graph that does not count, and goes on", async () => {
    await authority("delegate", "--node", KEY, "--scope", "door:open");
    const graph = structuredClone(bench.graph()) as unknown as { claims: unknown[] };
    graph.claims.push(null, { claim: { id: "x" } });
    writeFileSync(join(bench.home, "graph.json"), JSON.stringify(graph));
    const { exitCode, out, err } = await bench.run("authority", "resolve", "--graph", "graph.json");
    assert.equal(exitCode, 0);
    assert.match(out, /door:open/);
    assert.match(err, /Claim 2 does not count.*Claim 3 does not count/s);
    writeFileSync(join(bench.home, "deep.json"), "[".repeat(100_000));
    assert.equal((await bench.run("authority", "resolve", "--graph", "deep.json")).exitCode, 2);
  });

  it("refuses to sign from a copy that was put back, until it is told to recover", async () => {
    const copy = join(bench.home, "copy");
    cpSync(bench.folder, copy, { recursive: true });
    const wish = ["delegate", "--node", KEY, "--scope", "door:open"];
    assert.equal((await authority(...wish))["exitCode"], 0);
    rmSync(bench.folder, { recursive: true });
    cpSync(copy, bench.folder, { recursive: true });
    const refused = await authority(...wish);
    assert.deepEqual([refused["exitCode"], refused["code"]], [4, "lease-rolled-back"]);
    assert.equal((await authority("recover"))["exitCode"], 0);
    assert.equal((await authority(...wish))["exitCode"], 0);
  });

  it("goes on without its witness only past the uses that it is told to give up", async () => {
    const wish = ["delegate", "--node", KEY, "--scope", "door:open"];
    assert.equal((await authority(...wish))["exitCode"], 0);
    rmSync(join(bench.home, ".local"), { recursive: true });
    assert.equal((await authority(...wish))["code"], "lease-missing");
    assert.equal((await authority("recover"))["code"], "lease-missing");
    for (const wrong of ["0", "0.5", "x", "999999999"])
      assert.equal((await authority("recover", "--ahead", wrong))["exitCode"], 2, wrong);
    assert.equal((await authority("recover", "--ahead", "100"))["exitCode"], 0);
    assert.equal((await authority("recover", "--ahead", "100"))["code"], "conflict");
    assert.equal((await authority("rotate"))["exitCode"], 0);
    assert.equal((await authority(...wish))["exitCode"], 0);
    assert.equal((await authority("delegate", "--ahead", "1"))["exitCode"], 2);
  });

  it("keeps the order of what it says when the clock is set back, within reason", async () => {
    await authority("delegate", "--node", KEY, "--scope", "door:open");
    bench.nowMs -= 30_000;
    assert.equal((await authority("revoke", "--node", KEY))["exitCode"], 0);
    bench.nowMs = NOW + 1;
    assert.deepEqual(resolved().delegates, [], "for whoever has the time");
    bench.nowMs -= 3_600_000;
    assert.equal((await authority("revoke", "--node", KEY))["code"], "time-implausible");
  });

  it("loses no claim and uses no key twice, whatever number of processes delegate", async () => {
    const witness = join(bench.home, ".local/state/latchkey/witness");
    const to = nodeAddress(sha3, NODE);
    const ids = await Promise.all(
      [4, 4].map((count) => inProcess([bench.folder, witness, to, count])),
    );
    bench.nowMs = Date.now() + 1000;
    const { claims } = bench.graph();
    assert.deepEqual(claims.map(({ claim }) => claim.id).sort(), ids.flat().sort());
    assert.equal(new Set(claims.map(({ proof }) => proof.signature)).size, 8);
    assert.deepEqual(JSON.parse(readFileSync(bench.open().graphPath, "utf8")), bench.graph());
    assert.deepEqual(bench.open().resolve().errors, []);
  });
});

function inProcess(words: readonly (string | number)[]): Promise<string[]> {
  const file = join(root, "test/tools/authority-process.ts");
  const child = spawn(process.execPath, [file, ...words.map(String)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (chunk) => (text += chunk));
  return new Promise((resolve) => child.on("close", () => resolve(text.trim().split("\n"))));
}

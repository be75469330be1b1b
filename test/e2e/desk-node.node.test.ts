/**
 * The image's own program on the SDK's XS, as a program of this machine, against the real server.
 * Needs one that is built: LATCHKEY_DESK_NODE is its path, LATCHKEY_DESK_READER that of a reader
 * (docs/building.md).
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runPrimitive } from "../../protocol/crypto/primitive-case.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { nodeCrypto } from "../../server/node-crypto.ts";
import { AnswersDigest } from "../../tools/selftest/answers-digest.ts";
import { drawnCases } from "../../tools/selftest/drawn-cases.ts";
import { SUITES, wycheproofCases } from "../../tools/selftest/wycheproof-cases.ts";
import { root } from "../support/test-files.ts";
import { readVectors, vectorsFolder } from "../support/vectors.ts";

const PROGRAM = process.env["LATCHKEY_DESK_NODE"];
const READER = process.env["LATCHKEY_DESK_READER"];
const COMMAND = join(root, "tools/bin/latchkey.js");
const PORT = 18_787;

describe("a node on the SDK's own XS", function () {
  this.timeout(180_000);
  const folder = mkdtempSync(join(tmpdir(), "latchkey-desk-"));
  const children: ChildProcess[] = [];
  const output = new Map<ChildProcess, string>();

  function start(program: string, ...words: string[]): ChildProcess {
    const child = spawn(program, words, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    children.push(child);
    output.set(child, "");
    for (const stream of [child.stdout!, child.stderr!])
      stream.on("data", (text) => output.set(child, `${output.get(child)}${text}`));
    return child;
  }

  const latchkey = (...words: string[]) => start(process.execPath, COMMAND, ...words);

  async function end(child: ChildProcess): Promise<{ code: number | null; text: string }> {
    const code = child.exitCode ?? (await new Promise((done) => child.once("close", done)));
    return { code: code as number | null, text: output.get(child)! };
  }

  async function says(child: ChildProcess, what: RegExp): Promise<void> {
    for (let tries = 0; !what.test(output.get(child)!); tries++) {
      assert.ok(tries < 300 && child.exitCode === null, `${what} not in ${output.get(child)}`);
      await new Promise((done) => setTimeout(done, 100));
    }
  }

  before(function () {
    if (PROGRAM !== undefined && existsSync(PROGRAM)) return;
    console.warn("SKIPPED: LATCHKEY_DESK_NODE names no program; docs/building.md has how");
    this.skip();
  });
  after(() => {
    for (const child of children) child.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  it("answers every published case as OpenSSL does, bit by bit", async function () {
    readVectors(this, "wycheproof/x25519_test.json");
    const vectors = join(vectorsFolder, "wycheproof");
    const expected = new AnswersDigest();
    const suites = SUITES.flatMap((suite) =>
      wycheproofCases(suite, readFileSync(join(vectors, `${suite}_test.json`), "utf8")),
    );
    for (const judged of [...suites, ...drawnCases(nodeCrypto)]) {
      const result = runPrimitive(nodeCrypto, judged);
      const long = result !== undefined && result.length > 256;
      const answer = long
        ? { length: result.length, sha256: toHex(nodeCrypto.sha256(result)) }
        : { result: result === undefined ? null : toHex(result) };
      assert.equal(expected.add(judged, answer), undefined, judged.name);
    }
    await says(start(PROGRAM!, "node"), /port-0 is/);
    const { code, text } = await end(
      latchkey("selftest", "--port", "node/port-0", "--vectors", vectors),
    );
    assert.equal(code, 0, text);
    assert.match(text, new RegExp(`answers ${expected.text()}, of 1631 cases`));
  });

  /** Through a gateway, from a server of its own; with what the configuration has beside `wired`. */
  async function register(
    program: string,
    { template, port, more }: { template: string; port: number; more: object },
  ): Promise<ChildProcess> {
    const url = `http://127.0.0.1:${port}`;
    const home = join(folder, template);
    const made = await end(latchkey("init", home, "--url", url, "--template", template));
    assert.equal(made.code, 0, made.text);
    const file = join(home, "latchkey.json");
    const { wifi: _, ...config } = JSON.parse(readFileSync(file, "utf8"));
    const wired = { transmit: 20, receive: 21 };
    writeFileSync(file, JSON.stringify({ ...config, ...more, wired }));
    const words = ["--port", String(port), "--data", join(home, ".latchkey/server")];
    await says(latchkey("serve", ...words), /listens/);
    const node = start(program, join(home, "node"));
    await says(node, /"event":"waits-for-provisioning"/);
    const console = ["--port", join(home, "node/port-0"), "--config", file];
    const given = await end(latchkey("provision", ...console, "--wait", "2"));
    assert.match(given.text, /has checked and stored its configuration/);
    await says(node, /port-1 is/);
    latchkey("gateway", join(home, "node/port-1"), "--url", url, "--address", "1");
    return node;
  }

  it("is provisioned, starts anew, and is verified by the server through a gateway", async () => {
    const sensors = [{ name: "hall", platform: "hc-sr501", pin: 14 }];
    const at = { template: "sensor", port: PORT, more: { sensors } };
    await says(await register(PROGRAM!, at), /"event":"node-active"/);
  });

  it("is verified as a reader too, and says that no PN532 answers", async function () {
    if (READER === undefined || !existsSync(READER)) {
      console.warn("SKIPPED: LATCHKEY_DESK_READER names no program; docs/building.md has how");
      this.skip();
    }
    const node = await register(READER, { template: "reader", port: PORT + 1, more: {} });
    await says(node, /"event":"reader-verified"/);
    await says(node, /"event":"nfc-fault","code":"bus-nack"/);
  });
});

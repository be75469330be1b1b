import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseBadgeFile } from "../../protocol/badge/link.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { readNdefFile } from "../../protocol/nfc/ntag424-read.ts";
import { openPn532 } from "../../tools/pn532-port.ts";
import { LIBNFC_LIMIT_MS, needLibnfc, runLibnfc, watchLibnfc } from "../support/libnfc.ts";
import { root } from "../support/test-files.ts";

const COMMAND = join(root, "tools", "bin", "latchkey.js");
const ATS = /ATS: 77 77 71 02 80/;

/** The command in a folder of its own; resolves with its first line that has this field. */
async function latchkey(
  folder: string,
  field: string,
  ...words: string[]
): Promise<{ child: ChildProcess; found: string; ended: Promise<number | null> }> {
  const child = spawn(process.execPath, [COMMAND, ...words, "--json"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stderr.on("data", (text) => {
    output += text;
  });
  const ended = new Promise<number | null>((done) => child.once("close", done));
  const found = new Promise<string>((resolve) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      output += `${line}\n`;
      const { fields } = JSON.parse(line) as { fields?: Record<string, unknown> };
      const value = fields?.[field];
      if (value !== undefined) resolve(String(value));
    });
  });
  const first = await Promise.race([found, ended.then(() => undefined)]);
  assert.ok(first !== undefined, `no ${field} in: ${output}`);
  return { child, found: first, ended };
}

describe("latchkey sim --pn532-pty: our badge before programs that nobody here wrote", function () {
  this.timeout(3 * LIBNFC_LIMIT_MS);
  this.slow(8000);
  let folder: string;
  let path: string;
  let sim: Awaited<ReturnType<typeof latchkey>> | undefined;

  before(async function () {
    needLibnfc(this);
    folder = mkdtempSync(join(tmpdir(), "latchkey-pn532-"));
    sim = await latchkey(folder, "pn532Path", "sim", "--pn532-pty", "--badge", "alice");
    path = sim.found;
  });

  after(async () => {
    if (sim === undefined) return;
    sim.child.kill("SIGINT");
    assert.equal(await sim.ended, 0);
    rmSync(folder, { recursive: true, force: true });
  });

  it("nfc-scan-device -v finds a PN532 v1.6", async () => {
    const output = await runLibnfc(path, "nfc-scan-device", "-v");
    assert.match(output, /1 NFC device\(s\) found/);
    assert.match(output, /chip: PN532 v1\.6/);
  });

  it("pn53x-diagnose finds line, ROM and RAM in order", async () => {
    const output = await runLibnfc(path, "pn53x-diagnose");
    for (const test of ["Communication line", "ROM", "RAM"]) {
      assert.match(output, new RegExp(`${test} test: OK`));
    }
  });

  it("nfc-list lists the badge as the NTAG 424 DNA that it is", async () => {
    const output = await runLibnfc(path, "nfc-list");
    assert.match(output, /1 ISO14443A passive target\(s\) found/);
    assert.match(output, /ATQA \(SENS_RES\): 03 44/);
    assert.match(output, /UID \(NFCID1\): 04( [0-9a-f]{2}){6}/);
    assert.match(output, /SAK \(SEL_RES\): 20/);
    assert.match(output, ATS);
  });

  it("nfc-poll sees the badge, and that it goes when another took its place for a moment", async () => {
    // What the program says leads the way, not a clock: the machine may be busy. Alice lay there.
    let lifted = false;
    const lead = (output: string): void => {
      if (lifted || !output.includes("UID (NFCID1)")) return;
      lifted = true;
      void latchkey(folder, "badge", "tap", "carol", "--pn532", "--hold", "300");
    };
    const polled = watchLibnfc(lead, path, "nfc-poll");
    const output = await polled;
    assert.match(output, ATS);
    assert.match(output, /card removing\.\.\.[\s\S]*done/);
  });

  it("our own driver reads the badge through a real serial port; its counter rises", async () => {
    await (await latchkey(folder, "badge", "tap", "alice", "--pn532")).ended;
    const proofs: string[] = [];
    for (let times = 0; times < 2; times++) {
      const pn532 = await openPn532(path);
      try {
        const [target] = await pn532.inListPassiveTarget();
        assert.equal(target?.uid.length, 7);
        const { file } = await readNdefFile((apdu) => pn532.inDataExchange(target!.tg, apdu));
        proofs.push(toHex(parseBadgeFile(file).picc));
      } finally {
        await pn532.close();
      }
    }
    assert.notEqual(proofs[0], proofs[1]);
  });

  it("a badge on it can still be tapped at the reader, and lies there again afterwards", async () => {
    const tap = await latchkey(folder, "granted", "tap", "alice");
    assert.equal(tap.found, "true");
    assert.match(await runLibnfc(path, "nfc-list", "-t", "1"), ATS);
  });
});

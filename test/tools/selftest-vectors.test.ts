import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { VectorBench } from "../../firmware/selftest/vector-bench.ts";
import { nativeCurves } from "../../hal/native/native-curves.ts";
import { composeCrypto } from "../../protocol/crypto/compose.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import type { CryptoProvider } from "../../protocol/crypto/provider.ts";
import { toLatchkeyError } from "../../protocol/errors.ts";
import { nodeCrypto } from "../../server/node-crypto.ts";
import { drawnCases } from "../../tools/selftest/drawn-cases.ts";
import { wycheproofCases } from "../../tools/selftest/wycheproof-cases.ts";
import { NativeDriver, needCompiler } from "../support/native-driver.ts";
import { readVectors, vectorsFolder } from "../support/vectors.ts";
import { FakeWorld } from "./fake-context.ts";

const FOLDER = join(vectorsFolder, "wycheproof");
const VERDICT = '{"passed":27,"failed":0,"failures":[],"engine_defects":[]}';
const DIGEST = /answers ([0-9a-f]{32}), of 1631 cases/;

/** A node with this provider; `spoil` may change a line on its way to it, or lose it. */
function board(
  crypto: CryptoProvider,
  spoil: (line: string) => string | undefined = (line) => line,
) {
  const bench = new VectorBench(crypto);
  let say = (_text: string): void => {};
  let end = (_reason: string | undefined): void => {};
  const answer = (words: readonly string[]): unknown => {
    try {
      const [first = "", primitive = "", sum = ""] = words;
      return { vector: first === "run" ? bench.run(primitive, sum) : bench.add(first) };
    } catch (error) {
      return { error: toLatchkeyError(error).toJSON() };
    }
  };
  const write = (text: string): void => {
    if (text.includes("selftest")) return void queueMicrotask(() => say(`${VERDICT}\r\n> `));
    assert.ok(text.length <= 129, "longer than a line of the console");
    const line = spoil(text);
    if (line === undefined) return;
    const [, ...words] = line.trim().split(" ");
    const said = answer(words.filter((word) => word !== "--json"));
    queueMicrotask(() => say(`\r${text}{"n":7,"event":"x"}\r\n> ${JSON.stringify(said)}\r\n> `));
  };
  const world = new FakeWorld({
    readText: (path) => readFileSync(path, "utf8"),
    // Nobody waits for a lost answer in a test.
    timer: {
      set: (run, ms) => setTimeout(run, ms > 5_000 ? ms : 1),
      clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
    },
    openSerial: async () => ({
      write,
      onText: (callback) => {
        say = callback;
      },
      onEnd: (callback) => {
        end = callback;
      },
      close: () => {},
    }),
  });
  const run = () => world.run("selftest", "--port", "/dev/ttyACM0", "--vectors", FOLDER);
  return { run, unplug: () => end("unplugged") };
}

describe("latchkey selftest --vectors", () => {
  let answers = "";
  before(async function () {
    this.timeout(120_000);
    readVectors(this, "wycheproof/aes_gcm_test.json");
    const run = await board(nodeCrypto).run();
    assert.equal(run.exitCode, 0, run.out + run.err);
    assert.match(run.out, /1631 passed\./);
    answers = DIGEST.exec(run.out)![1]!;
  });

  // The curves for XS do so on XS: test/xs/primitives.xs.test.ts.
  it("gives the same answers, bit by bit, with noble as with OpenSSL", async () => {
    const run = await board(nobleCrypto).run();
    assert.equal(run.exitCode, 0, run.out + run.err);
    assert.equal(DIGEST.exec(run.out)![1], answers);
  });

  it("gives the same with the curves in C of the image", async function () {
    needCompiler(this);
    this.timeout(120_000);
    const driver = new NativeDriver();
    try {
      const run = await board(composeCrypto("C", nodeCrypto, nativeCurves(driver))).run();
      assert.equal(run.exitCode, 0, run.out + run.err);
      assert.equal(DIGEST.exec(run.out)![1], answers);
    } finally {
      driver.close();
    }
  });

  it("names what is wrong on a board, and fails", async () => {
    const wrong = { ...nodeCrypto, ed25519Verify: () => true };
    const run = await board(wrong).run();
    assert.equal(run.exitCode, 1);
    assert.match(run.out, /ed25519 \d+ +ed25519-verify gave 01, and had to give 00/);
    assert.match(run.out + run.err, /63 failed, 1568 passed: do not use this board/);
  });

  it("repeats a case of which bytes were lost or changed on the way", async () => {
    let count = 0;
    const noisy = board(nodeCrypto, (line) => {
      count++;
      if (count % 97 === 0) return undefined;
      return count % 89 === 0 ? line.replace(/[0-9a-f](?=[^0-9a-f]*$)/, "") : line;
    });
    const run = await noisy.run();
    assert.equal(run.exitCode, 0, run.out + run.err);
    assert.equal(DIGEST.exec(run.out)![1], answers);
  });

  it("ends with a code when the board goes away, or has no such command", async () => {
    let lines = 0;
    const gone = board(nobleCrypto, (line) => {
      if (++lines === 5) queueMicrotask(() => gone.unplug());
      return line;
    });
    assert.match((await gone.run()).err, /went away: unplugged \[console-silent\]/);
    const mute = board(nobleCrypto, () => undefined);
    assert.match((await mute.run()).err, /did not take a case in 4 attempts.*\[console-silent\]/);
  });

  it("judges no case by the provider that is tested", () => {
    const text = readFileSync(join(FOLDER, "x25519_test.json"), "utf8");
    const cases = [...wycheproofCases("x25519", text), ...drawnCases(nodeCrypto)];
    assert.equal(cases.length, 518 + 96);
    for (const judged of cases) {
      assert.equal(judged.right(new Uint8Array(3)), false, judged.name);
      assert.notEqual(judged.expected, undefined);
    }
  });
});

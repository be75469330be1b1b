import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AuthorityBench } from "./authority-bench.ts";

const FACTS = ["--product", "reader-pico-2w", "--release", "1.4.0", "--security", "7"];

describe("latchkey release", function () {
  this.timeout(120_000);
  let bench: AuthorityBench;
  before(async () => {
    bench = new AuthorityBench();
    assert.equal((await bench.run("authority", "new")).exitCode, 0);
    assert.equal((await bench.run("authority", "new", "--folder", "builder")).exitCode, 0);
    writeFileSync(join(bench.home, "image.bin"), Buffer.alloc(5000, 3));
    assert.equal((await bench.run("release", "sign", "image.bin", ...FACTS)).exitCode, 0);
  });
  after(() => bench.remove());
  const verify = async (...words: string[]) => {
    const { exitCode, out, err } = await bench.run("release", "verify", "image.bin", ...words);
    return `${exitCode} ${/\[([a-z-]+)\]|accept/.exec(out + err)?.[0]}`;
  };
  const graph = () => ["--graph", ".latchkey/authority/graph.json"];
  const identity = () => ["--identity", bench.graph().document.id];

  it("signs an image that verifies, here and by the graph alone", async () => {
    assert.equal(await verify(), "0 accept");
    assert.equal(
      await verify(...graph(), ...identity(), "--product", "reader-pico-2w"),
      "0 accept",
    );
    const bound = ["authority", "bind", "image.bin.manifest", ...graph()];
    assert.equal((await bench.run(...bound)).exitCode, 0);
  });

  it("refuses as a node would", async () => {
    assert.equal(await verify("--security", "8"), "1 [firmware-rollback]");
    assert.equal(await verify("--product", "sensor-pico-2w"), "1 [firmware-unsuitable]");
    const other = bench.open(join(bench.home, "builder")).graph().document.id;
    assert.equal(await verify(...graph(), "--identity", other), "1 [subject-mismatch]");
    const builders = ["--graph", "builder/graph.json"];
    assert.equal(await verify(...builders, ...identity()), "1 [issuer-unauthorized]");
    const path = join(bench.home, "image.bin.manifest");
    const wire = readFileSync(path);
    const bent = Buffer.from(wire);
    bent[wire.length - 1]! ^= 1;
    writeFileSync(path, bent);
    assert.equal(await verify("--product", "x"), "1 [malformed]");
    writeFileSync(path, wire);
    writeFileSync(join(bench.home, "image.bin"), Buffer.alloc(5000, 4));
    assert.equal(await verify(), "1 [firmware-mismatch]");
    writeFileSync(join(bench.home, "image.bin"), Buffer.alloc(5000, 3));
  });

  it("signs with a builder's key, which the root lets sign and then does not", async () => {
    const builder = bench.open(join(bench.home, "builder")).resolve().resolved!.rootAddress;
    const place = ["--folder", "builder", "--manifest", "built.manifest"];
    assert.equal((await bench.run("release", "sign", "image.bin", ...FACTS, ...place)).exitCode, 0);
    const check = ["--manifest", "built.manifest", ...graph(), ...identity()];
    assert.equal(await verify(...check), "1 [issuer-unauthorized]");
    await bench.run("authority", "delegate", "--to", builder, "--scope", "manifest:sign");
    bench.nowMs += 1000;
    assert.equal(await verify(...check), "0 accept");
    await bench.run("authority", "revoke", "--delegate", builder);
    bench.nowMs += 1000;
    assert.equal(await verify(...check), "1 [issuer-unauthorized]");
  });

  it("says what is missing, before it opens a key or spends a use", async () => {
    const cases: readonly (readonly [string[], RegExp])[] = [
      [[], /one of sign, verify/],
      [["sing"], /did you mean `sign`/],
      [["sign"], /needs an image/],
      [["sign", "image.bin"], /--security is needed/],
      [["sign", "image.bin", "--security", "1.5"], /whole number/],
      [["sign", "image.bin", "--security", "-1"], /from 0/],
      [["sign", "image.bin", "--security", "1"], /--product is needed/],
      [["sign", "image.bin", ...FACTS, "--graph", "x"], /does not belong/],
      [["verify", "image.bin", "--release", "1"], /does not belong/],
      [["verify", "image.bin", "--graph", ".latchkey/authority/graph.json"], /whom to trust/],
    ];
    for (const [words, message] of cases) {
      const { exitCode, err } = await bench.run("release", ...words);
      assert.equal(exitCode, 2, words.join(" "));
      assert.match(err, message);
    }
    assert.equal((await bench.run("release", "verify", "absent.bin")).exitCode, 4);
  });
});

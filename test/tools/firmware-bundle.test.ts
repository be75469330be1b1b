import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundleFirmware } from "../../tools/firmware/bundle.ts";
import { FIRMWARE_TARGETS, withPortableCurves } from "../../tools/firmware/products.ts";
import { root } from "../support/test-files.ts";

describe("the modules of an image", () => {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-bundle-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("without curves in C call none of it", async () => {
    const curves = /xs_latchkey_(?:ed25519|x25519|sha3)/;
    const program = async (target: (typeof FIRMWARE_TARGETS)[number]) => {
      await bundleFirmware(target, folder, "1.2.3");
      return readFileSync(join(folder, "program.js"), "utf8");
    };
    assert.match(await program(FIRMWARE_TARGETS[0]!), curves);
    const portable = await program(withPortableCurves(FIRMWARE_TARGETS[0]!));
    assert.doesNotMatch(portable, curves);
    assert.match(portable, /sdk \+ portable/);
  });

  for (const target of FIRMWARE_TARGETS) {
    const name = `${target.product} for ${target.target}`;

    it(`of the ${name} are two, and the one with effects takes the rest out of flash`, async () => {
      await bundleFirmware(target, folder, "1.2.3", 7);
      const main = readFileSync(join(folder, "main.js"), "utf8");
      const imports = [...main.matchAll(/^(?:import .*|\}) from "([^"]+)";$/gm)].map(
        ([, from]) => from!,
      );
      assert.ok(imports.includes("latchkey/program"), imports.join());
      for (const from of imports)
        assert.match(from, /^(embedded:|latchkey\/|crypt$|ssl\/cert$|timer$)/);
      assert.doesNotMatch(main, /class ReaderEngine/);
      const lines = readFileSync(join(folder, "build.js"), "utf8").split("\n");
      assert.equal(lines[0], 'export const version = "1.2.3";');
      assert.match(lines[1]!, /^export const builtUnix = \d{10};$/);
      const { release } = target;
      const word = [`export const product = "${release}";`, "export const securityVersion = 7;"];
      assert.deepEqual(lines.slice(2), release === undefined ? [""] : [...word, ""]);
      for (const file of ["main.js.map", "program.js.map"])
        assert.ok(existsSync(join(folder, file)));
    });

    it(`of the ${name}: the preloaded one has no variables and imports nothing`, async () => {
      const program = readFileSync(join(folder, "program.js"), "utf8");
      assert.doesNotMatch(program, /^(?:var|let) /m);
      assert.doesNotMatch(program, /^import /m);
      // Another name each time: Node keeps what it has loaded.
      const url = `${pathToFileURL(join(folder, "program.js")).href}?${encodeURIComponent(name)}`;
      const { runNode, product } = (await import(url)) as typeof import("latchkey/program");
      assert.equal(typeof runNode, "function");
      assert.equal(product.name, target.product === "sensor" ? "sensor" : "reader");
    });

    it(`of the ${name} have the code of updates only where the ROM has two slots`, () => {
      const { sources } = JSON.parse(readFileSync(join(folder, "program.js.map"), "utf8")) as {
        sources: string[];
      };
      const updates = sources.filter((source) =>
        /update\/(?:updater|node-update|slot-start)|claims\/resolve|slot-natives/.test(source),
      );
      assert.equal(updates.length, target.release === undefined ? 0 : 5, updates.join());
    });

    it(`of the ${name} carry no cryptography that does not fit`, () => {
      for (const file of ["program.js.map", "main.js.map"]) {
        const { sources } = JSON.parse(readFileSync(join(folder, file), "utf8")) as {
          sources: string[];
        };
        assert.ok(sources.length > 0);
        for (const source of sources) assert.doesNotMatch(source, /@noble|crypto\/noble\.ts/);
      }
    });

    it(`of the ${name} check certificates if it speaks https, and carry nothing for it else`, () => {
      const map = JSON.parse(readFileSync(join(folder, "program.js.map"), "utf8"));
      const { sources } = map as { sources: string[] };
      const checks = sources.filter((source) => /\/(?:tls|x509)-[a-z]+\.ts$/.test(source));
      assert.equal(checks.length, target.target.endsWith("_tls") ? 3 : 0, checks.join());
    });

    it(`of the ${name} are named by a manifest that is there, with all that it includes`, () => {
      const seen: string[] = [];
      const visit = (file: string): void => {
        seen.push(file);
        const manifest = JSON.parse(readFileSync(join(root, file), "utf8")) as {
          include?: string[];
        };
        for (const other of manifest.include ?? [])
          if (other.startsWith(".")) visit(join(file, "..", other));
      };
      visit(target.manifest);
      assert.ok(seen.includes("manifests/pico.json"), seen.join());
    });
  }
});

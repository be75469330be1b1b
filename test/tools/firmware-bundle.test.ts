import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ERROR_CODES, type ErrorCode } from "../../protocol/error-codes.ts";
import { type BundleFacts, bundleFirmware } from "../../tools/firmware/bundle.ts";
import {
  FIRMWARE_TARGETS,
  type FirmwareTarget,
  isForDesk,
  withPortableCurves,
} from "../../tools/firmware/products.ts";
import { root } from "../support/test-files.ts";

interface Manifest {
  readonly include?: readonly string[];
  readonly modules?: Readonly<Record<string, string | readonly string[]>>;
}

/** A manifest and all of ours that it includes, by their files. */
function manifestsOf(file: string, seen = new Map<string, Manifest>()): Map<string, Manifest> {
  const manifest = JSON.parse(readFileSync(join(root, file), "utf8")) as Manifest;
  seen.set(file, manifest);
  for (const other of manifest.include ?? [])
    if (other.startsWith(".")) manifestsOf(join(file, "..", other), seen);
  return seen;
}

/** The files in C of `hal/native` that it has compiled. */
function ownC(manifest: string): string[] {
  const files = [...manifestsOf(manifest)].flatMap(([file, { modules }]) =>
    [modules?.["*"] ?? []]
      .flat()
      .filter((module) => module.startsWith("."))
      .map((module) => join(root, file, "..", module)),
  );
  return files.flatMap((file) => {
    if (!file.endsWith("*")) return existsSync(`${file}.c`) ? [`${file}.c`] : [];
    const room = join(file, "..");
    return readdirSync(room)
      .filter((name) => name.endsWith(".c"))
      .map((name) => join(room, name));
  });
}

describe("the modules of an image", () => {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-bundle-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const IMAGE = { folder, version: "1.2.3", debug: false, securityVersion: 7 };

  it("without cryptography in C call none of it, and have the SDK's in its place", async () => {
    const ours = /xs_latchkey_(?:ed25519|x25519|sha|hmac|hkdf|aes)/;
    const theirs = "$(MODDABLE)/modules/crypt/digest/manifest.json";
    const manifest = () => JSON.parse(readFileSync(join(folder, "crypto.json"), "utf8")) as object;
    const program = async (target: FirmwareTarget) => {
      await bundleFirmware({ ...IMAGE, target });
      return readFileSync(join(folder, "program.js"), "utf8");
    };
    assert.match(await program(FIRMWARE_TARGETS[0]!), ours);
    assert.deepEqual(manifest(), { include: [] });
    const portable = await program(withPortableCurves(FIRMWARE_TARGETS[0]!));
    assert.doesNotMatch(portable, ours);
    assert.match(portable, /sdk \+ portable/);
    assert.match(portable, /^import \w+ from "crypt";$/m);
    assert.deepEqual(manifest(), { include: [theirs] });
  });

  it("for xsbug have names and a map of their sources beside them", async () => {
    await bundleFirmware({ ...IMAGE, target: FIRMWARE_TARGETS[0]!, debug: true });
    for (const file of ["main.js", "program.js"]) {
      const text = readFileSync(join(folder, file), "utf8");
      assert.ok(text.endsWith(`//# sourceMappingURL=${file}.map\n`), file);
      const map = JSON.parse(readFileSync(join(folder, `${file}.map`), "utf8"));
      assert.ok((map as { sources: string[] }).sources.length > 0, file);
    }
    assert.match(readFileSync(join(folder, "program.js"), "utf8"), /^const ReaderEngine = class/m);
  });

  for (const target of FIRMWARE_TARGETS) {
    const name = `${target.product} for ${target.target}`;
    let facts: BundleFacts;

    it(`of the ${name} are two, and the one with effects takes the rest out of flash`, async () => {
      facts = await bundleFirmware({ ...IMAGE, target });
      const main = readFileSync(join(folder, "main.js"), "utf8");
      const imports = [...main.matchAll(/^(?:import .*|\}) from "([^"]+)";$/gm)].map(
        ([, from]) => from!,
      );
      assert.ok(imports.includes("latchkey/program"), imports.join());
      for (const from of imports) assert.match(from, /^(embedded:|latchkey\/|ssl\/cert$|timer$)/);
      assert.doesNotMatch(main, /Engine/);
      const lines = readFileSync(join(folder, "build.js"), "utf8").split("\n");
      assert.equal(lines[0], 'export const version = "1.2.3";');
      assert.match(lines[1]!, /^export const builtUnix = \d{10};$/);
      const { release } = target;
      const word = [`export const product = "${release}";`, "export const securityVersion = 7;"];
      assert.deepEqual(lines.slice(2), release === undefined ? [""] : [...word, ""]);
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
      const updates = Object.keys(facts.sources).filter((source) =>
        /update\/(?:updater|node-update|slot-start)|claims\/resolve|slot-natives/.test(source),
      );
      assert.equal(updates.length, target.release === undefined ? 0 : 5, updates.join());
    });

    it(`of the ${name} carry no cryptography that does not fit`, () => {
      const sources = Object.keys(facts.sources);
      assert.ok(sources.length > 100);
      for (const source of sources) assert.doesNotMatch(source, /@noble|crypto\/noble\.ts/);
    });

    it(`of the ${name} check certificates if it speaks https, and carry nothing for it else`, () => {
      const checks = Object.keys(facts.sources).filter((source) =>
        /\/(?:(?:tls|x509)-[a-z]+|time-hint|sntp)\.ts$/.test(source),
      );
      assert.equal(checks.length, target.target.endsWith("_tls") ? 5 : 0, checks.join());
    });

    it(`of the ${name} explain every code of their sources and of a server's answers`, () => {
      const texts = Object.keys(facts.sources)
        .filter((file) => file !== "protocol/error-codes.ts")
        .map((file) => readFileSync(join(root, file), "utf8"));
      // Written down by hand: what the handlers for nodes answer with that no image raises itself.
      const answers = ["node-undelegated", "conflict", "identity-revoked", "card-desync"];
      for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
        const needed = answers.includes(code) || texts.some((text) => text.includes(`"${code}"`));
        if (needed) assert.ok(facts.codes.includes(code), code);
      }
      const program = readFileSync(join(folder, "program.js"), "utf8");
      for (const code of facts.codes)
        assert.ok(program.includes(JSON.stringify(ERROR_CODES[code].next)), code);
      for (const code of ["sdk-missing", "mnemonic-invalid", "passkey-refused"] as const)
        assert.ok(!program.includes(ERROR_CODES[code].title), code);
    });

    it(`of the ${name} leave room in flash, by their JavaScript`, () => {
      const { programBytes } = facts;
      assert.ok(programBytes <= target.programBytesMax, `${programBytes} bytes`);
    });

    it(`of the ${name} are named by a manifest that is there, with all that it includes`, () => {
      const shared = isForDesk(target) ? "manifests/desk.json" : "manifests/pico.json";
      const files = [...manifestsOf(target.manifest).keys()];
      assert.ok(files.includes(shared), files.join());
    });

    it(`of the ${name} name no function in C that the manifest does not bring`, () => {
      const modules = ["main.js", "program.js"].map((file) =>
        readFileSync(join(folder, file), "utf8"),
      );
      const named = new Set(modules.join("\n").match(/\bxs_latchkey_\w+/g));
      const sources = ownC(target.manifest).map((file) => readFileSync(file, "utf8"));
      const there = new Set(sources.join("\n").match(/\bxs_latchkey_\w+(?=\(xsMachine)/g));
      assert.ok(named.size > 30, `${named.size}`);
      assert.deepEqual(
        [...named].filter((name) => !there.has(name)),
        [],
      );
    });
  }
});

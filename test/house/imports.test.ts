import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "../support/test-files.ts";
import { describeEdge, importsOf, objection } from "./imports.ts";
import { ROOMS, typescriptFiles } from "./source.ts";

/** It has edges in strings that lead nowhere. */
const THIS_FILE = "test/house/imports.test.ts";

describe("the import rules of the house", () => {
  const edges = typescriptFiles(...ROOMS).flatMap((file) => importsOf(file));

  it("hold on every edge", () => {
    const wrong = edges.flatMap((edge) => {
      const why = objection(edge);
      return why === undefined ? [] : [describeEdge(edge, why)];
    });
    assert.deepEqual(wrong, []);
  });

  it("see the edges that there are", () => {
    assert.ok(edges.length > 100, `only ${edges.length} imports found: the search is broken`);
    const inside = edges.filter(({ to }) => to.includes("/") && !/^(@|node:)/.test(to));
    const files = inside.filter(({ to, from }) => to.endsWith(".ts") && from !== THIS_FILE);
    const dangling = files.filter(({ to }) => !existsSync(join(root, to)));
    assert.deepEqual(
      dangling.map((edge) => describeEdge(edge, "no such file")),
      [],
    );
  });

  it("say .ts in every relative import", () => {
    const bare = edges.filter(({ to }) => /^[a-z-]+\//.test(to) && !/\.(ts|js|json)$/.test(to));
    const ours = bare.filter(({ to }) => ROOMS.some((room) => to.startsWith(`${room}/`)));
    assert.deepEqual(
      ours.map((edge) => describeEdge(edge, "no extension")),
      [],
    );
  });

  it("object to an edge against them, naming it", () => {
    const text = 'import { x } from "../hal/relay.ts";\nimport type { Y } from "node:fs";\n';
    const found = importsOf("protocol/bad.ts", text);
    assert.deepEqual(
      found.map((edge) => describeEdge(edge, objection(edge) ?? "fine")),
      [
        "protocol/bad.ts:1 imports hal/relay.ts: protocol/ may import only protocol/, @noble/",
        "protocol/bad.ts:2 imports node:fs: protocol/ may import only protocol/, @noble/",
      ],
    );
    const words = { line: 1, to: "@scure/bip39/wordlists/english.js" };
    assert.equal(objection({ from: "protocol/human/mnemonic.ts", ...words }), undefined);
    assert.ok(objection({ from: "protocol/human/device.ts", ...words }));
    const model = importsOf(
      "host-sim/nfc/x.ts",
      'const y = await import("../../protocol/nfc/a.ts")',
    );
    assert.match(objection(model[0]!) ?? "", /models what protocol\/nfc\/ drives/);
    const sdk = 'import Timer from "timer";\n';
    assert.equal(objection(importsOf("firmware/platform/moddable/x.ts", sdk)[0]!), undefined);
    assert.match(objection(importsOf("firmware/reader/x.ts", sdk)[0]!) ?? "", /may import only/);
    const back = 'import { x } from "../platform/moddable/wifi.ts";\n';
    assert.match(objection(importsOf("firmware/reader/x.ts", back)[0]!) ?? "", /image only/);
  });
});

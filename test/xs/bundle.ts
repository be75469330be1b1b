import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");
const shim = (name: string): string => join(here, "shims", name);

/** Node's assert becomes ours. Any other `node:` import stops the build, as it should. */
const aliases: Plugin = {
  name: "latchkey-xs",
  setup(context) {
    context.onResolve({ filter: /^node:assert(\/strict)?$/ }, () => ({ path: shim("assert.ts") }));
    context.onResolve({ filter: /^node:/ }, ({ path, importer }) => ({
      errors: [
        { text: `${path} is not portable (imported by ${importer.slice(root.length + 1)})` },
      ],
    }));
  },
};

/**
 * One program for XS out of TypeScript: the prelude, then the entries in order. `runXs(grep)`
 * is its global function that runs the collected tests.
 *
 * Static class fields are moved behind the class: XS 13.3, which @agoric/xsnap carries, fails
 * with "get ?: not initialized yet" when one constructs a class that has instance fields.
 *
 * @throws Error whose message lists what esbuild found, such as a `node:` import
 */
export async function bundleForXs(entries: readonly string[]): Promise<string> {
  const lines = [
    `import ${JSON.stringify(shim("prelude.ts"))};`,
    `import { runAll } from ${JSON.stringify(shim("mocha.ts"))};`,
    ...entries.map((entry) => `import ${JSON.stringify(entry)};`),
    "globalThis.runXs = runAll;",
  ];
  const result = await build({
    stdin: { contents: lines.join("\n"), resolveDir: root, sourcefile: "xs-entry.js" },
    bundle: true,
    write: false,
    format: "iife",
    target: "es2022",
    platform: "neutral",
    mainFields: ["module", "main"],
    supported: { "class-static-field": false, "class-static-blocks": false },
    plugins: [aliases],
    logLevel: "silent",
  }).catch((error: { errors?: { text: string }[]; message: string }) => {
    const reasons = error.errors?.map(({ text }) => text) ?? [error.message];
    throw new Error(reasons.join("\n"), { cause: error });
  });
  return result.outputFiles[0]!.text;
}

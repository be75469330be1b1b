import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** Where the bulk vectors are: `$LATCHKEY_VECTORS`, or `shared/vectors` beside the checkout. */
export const vectorsFolder =
  process.env["LATCHKEY_VECTORS"] ?? join(root, "..", "shared", "vectors");

/**
 * Reads a file of published vectors. Absent on a user's machine: the calling test is skipped,
 * loudly. Absent in CI: it fails, because a suite that quietly checks nothing proves nothing.
 */
export function readVectors(context: Mocha.Context, name: string): unknown {
  const path = join(vectorsFolder, name);
  if (!existsSync(path)) {
    const required =
      process.env["CI"] === "true" || process.env["LATCHKEY_REQUIRE_VECTORS"] === "1";
    if (required) throw new Error(`vectors are required and missing: ${path}`);
    console.warn(`SKIPPED: no vectors at ${path}; set LATCHKEY_VECTORS to their folder`);
    context.skip();
  }
  return JSON.parse(readFileSync(path, "utf8"));
}

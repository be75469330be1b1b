/** Writes docs/errors.md; with `--check` only says whether it is up to date. */
import { readFileSync, writeFileSync } from "node:fs";
import { errorsPage } from "./errors-page.ts";

const page = new URL("../docs/errors.md", import.meta.url);

if (!process.argv.includes("--check")) writeFileSync(page, errorsPage());
else if (readFileSync(page, "utf8") !== errorsPage()) {
  console.error("docs/errors.md is out of date: run `node tools/docs-errors.ts`");
  process.exitCode = 1;
}

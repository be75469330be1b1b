import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { COMMANDS } from "../../tools/commands/all.ts";
import { root } from "../support/test-files.ts";
import { projectFiles, readText } from "./source.ts";

describe("the pages for people", () => {
  const pages = projectFiles().filter((file) => /^(README|docs\/[\w-]+)\.md$/.test(file));

  it("link only to what exists", () => {
    const dead = pages.flatMap((page) =>
      [...readText(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
        .map(([, target = ""]) => target)
        .filter((target) => !/^[a-z]+:/.test(target))
        .filter((target) => !existsSync(join(root, dirname(page), target)))
        .map((target) => `${page} → ${target}`),
    );
    assert.deepEqual(dead, []);
  });

  it("name commands and options that exist", () => {
    const wrong = pages.flatMap((page) =>
      [...readText(page).matchAll(/npx latchkey ([a-z]+)([^\n`#]*)/g)].flatMap(
        ([line, name = "", rest = ""]) => {
          const command = COMMANDS.find((known) => known.name === name);
          const options = [...rest.matchAll(/--([a-z0-9-]+)/g)].map(([, option]) => option);
          const known = ["json", "verbose", "help", ...(command?.options ?? []).map((o) => o.name)];
          const bad = command === undefined || options.some((option) => !known.includes(option!));
          return bad ? [`${page}: ${line}`] : [];
        },
      ),
    );
    assert.deepEqual(wrong, []);
  });
});

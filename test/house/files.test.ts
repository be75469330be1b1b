import assert from "node:assert/strict";
import { basename, extname } from "node:path";
import { projectFiles, ROOMS, readText, typescriptFiles } from "./source.ts";

const MAX_LINES = 300;
const MAX_TEST_LINES = 400;
const MAX_COLUMNS = 100;
/** For lines that hold a string or a pattern: the formatter cannot break those. */
const MAX_COLUMNS_OF_TEXT = 120;

/** Files that are one table each: cutting them would hide the rule that all is in one place. */
const TABLES = ["protocol/error-codes.ts"];

const SHAPELESS = /^(utils?|helpers?|common|index|misc|lib|shared|stuff)$/;

/** Written by tools, or licence text. */
const NOT_OURS = ["package-lock.json"];

const MACHINE_PATHS = /(?<![\w.])\/(?:work|root|Users)\/\w|(?<![\w.-])\/home\/(?!pi\b)\w/;
const REGISTRIES = /registry\.(?:npmjs|yarnpkg)\.\w+|npm\.pkg\.github|\.jfrog\.|verdaccio/;

describe("every file of the project", () => {
  const sources = typescriptFiles(...ROOMS);
  const texts = projectFiles()
    .filter((file) => !NOT_OURS.includes(file))
    .filter((file) => /\.(ts|js|json|md|ya?ml|html|css)$|^\.ci\//.test(file));

  it("is short", () => {
    const long = sources.flatMap((file) => {
      const lines = readText(file).split("\n").length - 1;
      const limit = file.startsWith("test/") ? MAX_TEST_LINES : MAX_LINES;
      return lines <= limit || TABLES.includes(file) ? [] : [`${file}: ${lines} lines > ${limit}`];
    });
    assert.deepEqual(long, []);
  });

  it("has short lines", () => {
    const wide = sources.flatMap((file) =>
      readText(file)
        .split("\n")
        .flatMap((line, i) => {
          const limit = /["'`]|\/[^/ ]+\//.test(line) ? MAX_COLUMNS_OF_TEXT : MAX_COLUMNS;
          return [...line].length <= limit ? [] : [`${file}:${i + 1}: ${[...line].length} columns`];
        }),
    );
    assert.deepEqual(wide, []);
  });

  it("is named after a thing", () => {
    const shapeless = projectFiles().filter((file) =>
      SHAPELESS.test(basename(file, extname(file)).replace(/\..*$/, "")),
    );
    assert.deepEqual(shapeless, []);
  });

  it("carries no path of one machine and no registry's host", () => {
    const found = texts.flatMap((file) =>
      readText(file)
        .split("\n")
        .flatMap((line, i) =>
          MACHINE_PATHS.test(line) || REGISTRIES.test(line) ? [`${file}:${i + 1}: ${line}`] : [],
        ),
    );
    // This file has to spell out what it looks for.
    assert.deepEqual(
      found.filter((line) => !line.startsWith("test/house/files.test.ts:")),
      [],
    );
  });

  it("focuses no test and leaves no marker behind", () => {
    const marks = sources
      .filter((file) => !file.startsWith("test/house/"))
      .flatMap((file) =>
        readText(file)
          .split("\n")
          .flatMap((line, i) =>
            /\b(describe|it)\.only\(|\b(TODO|FIXME|XXX|HACK)\b|\bdebugger;/.test(line)
              ? [`${file}:${i + 1}: ${line.trim()}`]
              : [],
          ),
      );
    assert.deepEqual(marks, []);
  });

  it("uses erasable TypeScript only: no enum, no namespace", () => {
    const wrong = sources.filter((file) =>
      /^(export )?(declare )?(const )?(enum|namespace) \w+ \{/m.test(readText(file)),
    );
    assert.deepEqual(wrong, []);
  });
});

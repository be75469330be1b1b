import assert from "node:assert/strict";
import { ERROR_CODES } from "../../protocol/error-codes.ts";
import { errorsPage } from "../../tools/errors-page.ts";
import { readText, typescriptFiles } from "./source.ts";

const SOURCES = ["protocol", "hal", "firmware", "host-sim", "server", "sdk", "tools"];

describe("the error codes", () => {
  it("are each used somewhere", () => {
    const texts = typescriptFiles(...SOURCES)
      .filter((file) => file !== "protocol/error-codes.ts")
      .map(readText)
      .join("\n");
    const unused = Object.keys(ERROR_CODES).filter((code) => !texts.includes(`"${code}"`));
    assert.deepEqual(unused, []);
  });

  it("say what happened and what to do, in whole sentences", () => {
    const bad = Object.entries(ERROR_CODES).filter(
      ([code, { title, next }]) =>
        !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(code) ||
        !/^[A-Z].*\.$/.test(title) ||
        !/^[A-Z`].*\.$/.test(next.replace(/^`/, "A")),
    );
    assert.deepEqual(
      bad.map(([code]) => code),
      [],
    );
  });

  it("stand on the page that explains them: else run `node tools/docs-errors.ts`", () => {
    assert.equal(readText("docs/errors.md"), errorsPage());
  });
});

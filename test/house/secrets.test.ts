import assert from "node:assert/strict";
import { codeOnly, lineAt, readText, typescriptFiles } from "./source.ts";

const ROOMS = ["protocol", "hal", "firmware", "host-sim", "server", "tools"];

/** Calls that put their arguments where people read them. */
const LOUD = /(?:\blog\w*\s*\.\s*(?:write|debug|info|warn|error)|\bworld\.record)\s*\(/g;

/** Names under which key material goes. `tokenId` or `keyId` are fine. */
const NAMES = [
  ...["seed", "nodeSeed", "\\w*[sS]ecret", "commKey", "comm_key", "privateKey", "password"],
  ...["df1", "df2", "dek", "kUp", "kDown", "k_up", "k_down", "adminToken", "enrolToken"],
];
const KEY_MATERIAL = new RegExp(
  `\\b(?:${NAMES.join("|")})\\b(?!\\s*[.?]*\\.length)|\\.bytes\\b(?!\\s*\\()`,
);

/** The text of a call's arguments, from its opening parenthesis. */
function argumentsAt(code: string, open: number): string {
  let depth = 0;
  for (let at = open; at < code.length; at++) {
    if (code[at] === "(") depth++;
    else if (code[at] === ")" && --depth === 0) return code.slice(open, at);
  }
  return code.slice(open);
}

function leaks(file: string, text = readText(file)): string[] {
  const code = codeOnly(text);
  return [...code.matchAll(LOUD)].flatMap((found) => {
    const said = argumentsAt(code, found.index + found[0].length - 1);
    const name = KEY_MATERIAL.exec(said)?.[0];
    return name === undefined ? [] : [`${file}:${lineAt(code, found.index)} says ${name}`];
  });
}

describe("key material", () => {
  it("is not handed to a log or a trace", () => {
    assert.deepEqual(
      typescriptFiles(...ROOMS).flatMap((file) => leaks(file)),
      [],
    );
  });

  it("would be noticed there", () => {
    const text = 'log.write("info", "x", { key: toHex(seed) });\nthis.log.write("info", "seed");';
    assert.deepEqual(leaks("x.ts", text), ["x.ts:1 says seed"]);
  });
});

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../support/test-files.ts";

/** Rooms of TypeScript, as house.md lists them. */
export const ROOMS = [
  "protocol",
  "hal",
  "firmware",
  "host-sim",
  "server",
  "sdk",
  "tools",
  "test",
  "bench",
  "examples",
] as const;
export type Room = (typeof ROOMS)[number];

/** Files that git knows, or would take: ignored ones stay out. */
export function projectFiles(): string[] {
  const list = ["ls-files", "--cached", "--others", "--exclude-standard"];
  return execFileSync("git", list, { cwd: root, encoding: "utf8" })
    .split("\n")
    .filter((file) => file !== "" && existsSync(join(root, file)));
}

export function typescriptFiles(...rooms: readonly string[]): string[] {
  return projectFiles().filter(
    (file) => file.endsWith(".ts") && rooms.includes(file.split("/")[0] ?? ""),
  );
}

export function readText(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

/** After these a slash begins a regular expression, not a division. */
const BEFORE_REGEX = /(^|[=(,;:!&|?{}[+\-*%~^<>]|\b(return|typeof|case|in|of|void))\s*$/;
const TOKEN = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[`/]/g;

/**
 * The code with comments and the contents of strings and regular expressions blanked, line by
 * line in place. Expressions inside template strings stay.
 */
export function codeOnly(text: string): string {
  let out = "";
  let at = 0;
  for (;;) {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    if (found === null) return out + text.slice(at);
    out += text.slice(at, found.index);
    const end = endOf(text, found, out);
    out += blank(text.slice(found.index, end));
    at = end;
  }
}

function endOf(text: string, found: RegExpExecArray, before: string): number {
  const token = found[0];
  const start = found.index;
  if (token === "`") return endOfTemplate(text, start);
  if (token !== "/") return start + token.length;
  if (!BEFORE_REGEX.test(before.slice(-40))) return start + 1;
  const regex = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/y;
  regex.lastIndex = start;
  return start + (regex.exec(text)?.[0].length ?? 1);
}

function endOfTemplate(text: string, start: number): number {
  let depth = 0;
  for (let at = start + 1; at < text.length; at++) {
    const character = text[at];
    if (character === "\\") at++;
    else if (character === "`" && depth === 0) return at + 1;
    else if (character === "$" && text[at + 1] === "{") depth++;
    else if (character === "}" && depth > 0) depth--;
  }
  return text.length;
}

/** Keeps line ends, and the expressions of template strings. */
function blank(text: string): string {
  if (!text.startsWith("`")) return text.replaceAll(/[^\n]/g, " ");
  const kept = text.matchAll(/\$\{([^{}`]*)\}/g);
  const out: string[] = [...text].map((character) => (character === "\n" ? "\n" : " "));
  for (const { index, 1: expression = "" } of kept) {
    for (let i = 0; i < expression.length; i++) out[index + 2 + i] = expression[i]!;
  }
  return out.join("");
}

/** The line number of an offset. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

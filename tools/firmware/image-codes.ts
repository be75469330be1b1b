import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "esbuild";
import { ERROR_CODES, type ErrorCode, type ErrorEntry } from "../../protocol/error-codes.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const CODES = Object.entries(ERROR_CODES) as [ErrorCode, ErrorEntry][];

/** Rooms out of which an answer to a node can come. */
const ANSWERING = ["server", "protocol"];
/**
 * Rooms that answer others only: applications, whoever writes cards, people, managers; and the
 * table of endpoints, which names the codes of all of them. No request of a node gets there.
 */
const FOR_OTHERS = [
  "protocol/application",
  "protocol/human",
  "server/api",
  "server/application",
  "server/bridge",
  "server/card",
  "server/human",
  "server/mandate",
  "server/metrics",
  "server/mqtt",
];

/**
 * Codes that an image must explain: those that its own text names, and those that a server may
 * answer it with. The sentences of all others would be flash for nothing.
 * @param program the image's JavaScript without the table
 */
export function imageCodes(program: string): readonly ErrorCode[] {
  const answers = answeringText();
  return CODES.filter(
    ([code, { status }]) => names(program, code) || (status !== undefined && names(answers, code)),
  ).map(([code]) => code);
}

/** Codes that a program alone can raise, where nobody answers it: those that its text names. */
export function programCodes(program: string): readonly ErrorCode[] {
  return CODES.filter(([code]) => names(program, code)).map(([code]) => code);
}

/** Puts a table of these codes in place of `protocol/error-codes.ts`. */
export function tableOf(codes: readonly ErrorCode[]): Plugin {
  return {
    name: "latchkey-error-codes",
    setup: (context) =>
      context.onLoad({ filter: /\/protocol\/error-codes\.ts$/ }, () => ({
        contents: codesModule(codes),
      })),
  };
}

function codesModule(codes: readonly ErrorCode[]): string {
  const table = Object.fromEntries(codes.map((code) => [code, ERROR_CODES[code]]));
  return [
    `const table = ${JSON.stringify(table, undefined, 1)};`,
    "export const ERROR_CODES = Object.freeze(table);",
    "export function isErrorCode(value) {",
    '  return typeof value === "string" && Object.hasOwn(table, value);',
    "}",
  ].join("\n");
}

function names(text: string, code: string): boolean {
  return text.includes(`"${code}"`);
}

function answeringText(): string {
  return ANSWERING.flatMap(filesIn)
    .filter((file) => file !== "protocol/error-codes.ts")
    .map((file) => readFileSync(join(root, file), "utf8"))
    .join("\n");
}

function filesIn(folder: string): string[] {
  if (FOR_OTHERS.includes(folder)) return [];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return filesIn(path);
    return entry.name.endsWith(".ts") ? [path] : [];
  });
}

import { ERROR_CODES, type ErrorEntry } from "../protocol/error-codes.ts";

const HEAD = `# Errors

Every failure of Latchkey carries one of these codes: on the node's console, in its log, in the
server's problem documents (\`code\`) and in the output of \`latchkey\`. A code is never renamed, so
that it can be searched for. *HTTP* is the status with which a server answers; codes without one
never leave the node.

Made from \`protocol/error-codes.ts\` by \`node tools/docs-errors.ts\`; change it there.
`;

/** The text of docs/errors.md. */
export function errorsPage(): string {
  const codes: [string, ErrorEntry][] = Object.entries(ERROR_CODES);
  const entries = codes.sort(([a], [b]) => (a < b ? -1 : 1)).map(entryText);
  return `${[HEAD, ...entries].join("\n")}`;
}

function entryText([code, { title, next, status }]: [string, ErrorEntry]): string {
  const http = status === undefined ? "" : ` *HTTP ${status}.*`;
  return `## ${code}\n\n${title}${http}\n\nWhat to do: ${next}\n`;
}

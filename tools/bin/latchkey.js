#!/usr/bin/env node
// Plain JavaScript for old Nodes: they must get as far as the sentence that helps. Latchkey runs
// its TypeScript directly, which needs Node 24; `npm install` brings one in node_modules.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const NEEDED = 24;
const main = new URL("../main.ts", import.meta.url);

if (Number(process.versions.node.split(".")[0]) >= NEEDED) await import(main.href);
else runWithOwnNode();

function runWithOwnNode() {
  const node = [
    "../../node_modules/node/bin/node",
    "../../node_modules/node/bin/node.exe",
    "../../../node/bin/node",
  ]
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(path));
  if (node === undefined) {
    process.stderr.write(
      `latchkey needs Node ${NEEDED} or later; this is ${process.version}.\n` +
        "The package brings its own, but it is not installed. Type:\n\n  npm install\n\n",
    );
    process.exitCode = 4;
    return;
  }
  const child = spawn(node, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: "inherit" });
  // Ctrl-C reaches the whole group: the child decides how to end, and this waits for it.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => {
    process.exitCode = signal === null ? (code ?? 1) : 130;
  });
}

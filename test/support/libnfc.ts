import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import type { Context } from "mocha";

const PACKAGES = "libnfc-bin libnfc-pn53x-examples libnfc-examples socat";
const PROGRAMS = [
  "nfc-list",
  "nfc-scan-device",
  "pn53x-diagnose",
  "nfc-anticol",
  "nfc-poll",
  "socat",
];
export const LIBNFC_LIMIT_MS = 45_000;

/** Skips loudly where libnfc is not installed; fails where it must be. */
export function needLibnfc(test: Context): void {
  // `command -v` alone asks the shell and starts none of them.
  const absent = PROGRAMS.filter(
    (name) => spawnSync("sh", ["-c", `command -v ${name}`], { stdio: "ignore" }).status !== 0,
  );
  if (absent.length === 0) return;
  const why = `${absent.join(", ")} not installed (apt: ${PACKAGES})`;
  if (process.env["LATCHKEY_REQUIRE_LIBNFC"] === "1") throw new Error(why);
  console.warn(`SKIPPED: libnfc does not judge the PN532 model: ${why}`);
  test.skip();
}

/** Runs a libnfc program with the PN532 at `path` as its only device; its output, spaces single. */
export function runLibnfc(path: string, program: string, ...args: string[]): Promise<string> {
  return watchLibnfc(() => undefined, path, program, ...args);
}

/** The same; `onOutput` is told all that was said so far, line by line and at once. */
export async function watchLibnfc(
  onOutput: (output: string) => void,
  path: string,
  program: string,
  ...args: string[]
): Promise<string> {
  const child = spawn("stdbuf", ["-oL", program, ...args], {
    env: { ...process.env, LIBNFC_DEVICE: `pn532_uart:${path}`, LIBNFC_LOG_LEVEL: "0" },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: LIBNFC_LIMIT_MS,
  });
  let output = "";
  child.stdout.on("data", (text) => {
    output += text;
    onOutput(output);
  });
  child.stderr.on("data", (text) => {
    output += text;
  });
  const code = await new Promise((done) => child.on("close", done));
  assert.equal(code, 0, `${program}: ${output}`);
  return output.replace(/[ \t]+/g, " ");
}

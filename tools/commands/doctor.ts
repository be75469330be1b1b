import { isLatchkeyError } from "../../protocol/errors.ts";
import type { Command } from "../cli/command.ts";
import type { Context } from "../cli/context.ts";
import type { CliEvent } from "../cli/event.ts";
import { EXIT } from "../cli/exit-codes.ts";
import { sdkParts } from "../firmware/sdk.ts";
import { READER_FILE, readReaderFile } from "../reader-file.ts";

type Check = Extract<CliEvent, { type: "check" }>;
type Finding = Omit<Check, "type" | "name">;

const MAX_SKEW_S = 30;
const SERVER_LIMIT_MS = 3_000;

export const doctor: Command = {
  name: "doctor",
  summary: "checks this machine, the configuration and the server",
  operands: "[configuration]",
  maxOperands: 1,
  options: [],
  examples: [
    ["latchkey doctor", `looks at ${READER_FILE} here`],
    ["latchkey doctor --json", "for a script"],
  ],
  async *run(context, args) {
    const path = args.positionals[0] ?? READER_FILE;
    let failed = 0;
    for (const [name, check] of CHECKS) {
      const finding = await check(context, path);
      if (finding.state === "failed") failed++;
      yield { type: "check", name, ...finding };
    }
    for (const row of checkSdk(context)) {
      if (row.state === "failed") failed++;
      yield row;
    }
    if (failed === 0) yield { type: "done", text: "Nothing is in the way." };
    else yield { type: "warning", text: `${failed} of these need attention.` };
    return failed === 0 ? EXIT.ok : EXIT.failed;
  },
};

const CHECKS: readonly [string, (context: Context, path: string) => Finding | Promise<Finding>][] =
  [
    ["node", checkNode],
    ["xs engine", checkXs],
    ["configuration", checkConfiguration],
    ["server", checkServer],
    ["serial ports", checkPorts],
  ];

function checkNode({ nodeVersion }: Context): Finding {
  const major = Number(/^v?(\d+)/.exec(nodeVersion)?.[1]);
  if (major >= 24) return { state: "ok", text: nodeVersion };
  return { state: "failed", text: `${nodeVersion} is too old`, next: "install Node 24 or later" };
}

function checkXs({ findXs }: Context): Finding {
  if (findXs() !== undefined) return { state: "ok", text: "the real engine is installed" };
  const next = "for the XS lane of the tests: a C compiler and make, then `npm install`";
  return { state: "warning", text: "not installed: tests run on Node only", next };
}

function checkConfiguration(context: Context, path: string): Finding {
  try {
    const config = readReaderFile(context, path);
    if (config !== undefined) return { state: "ok", text: `${path}: ${config.label}` };
    const text = `there is no ${path}`;
    if (path === READER_FILE) return { state: "skipped", text, next: "`latchkey init` makes one" };
    return { state: "failed", text, next: "check the path" }; // somebody named it
  } catch (error) {
    if (!isLatchkeyError(error)) throw error;
    return {
      state: "failed",
      text: error.message,
      next: `correct it in ${path}; docs/firmware.md lists the fields`,
    };
  }
}

/** Reachable, ours, and of one mind with this machine about the time. */
async function checkServer(context: Context, path: string): Promise<Finding> {
  const baseUrl = baseUrlOf(context, path);
  if (baseUrl === undefined) return { state: "skipped", text: "no configuration names one" };
  try {
    const answer = await context.fetch(`${baseUrl}/healthz`, { timeoutMs: SERVER_LIMIT_MS });
    if (answer.status !== 200) {
      const next = "check base_url; a captive portal may be in the way";
      return { state: "failed", text: `${baseUrl} answers ${answer.status}`, next };
    }
    const served = Date.parse(answer.headers["date"] ?? "");
    const skewS = Math.round(Math.abs(served - context.nowMs()) / 1000);
    if (skewS > MAX_SKEW_S) {
      const text = `${baseUrl} answers, but its clock is ${skewS} s away from this one`;
      return { state: "warning", text, next: "set both by NTP: challenges and tokens expire" };
    }
    return { state: "ok", text: `${baseUrl} answers` };
  } catch (error) {
    if (!isLatchkeyError(error)) throw error;
    return { state: "failed", text: `${baseUrl}: ${error.message}`, next: "`latchkey serve`" };
  }
}

function baseUrlOf(context: Context, path: string): string | undefined {
  try {
    return readReaderFile(context, path)?.baseUrl;
  } catch {
    return undefined; // the check of the configuration says why
  }
}

async function checkPorts(context: Context): Promise<Finding> {
  try {
    const ports = await context.listSerialPorts();
    if (ports.length === 0) return { state: "skipped", text: "none (only needed for a real node)" };
    const closed = ports.filter(({ path }) => !context.writable(path)).map(({ path }) => path);
    if (closed.length === 0) return { state: "ok", text: ports.map(({ path }) => path).join(", ") };
    const text = `${closed.join(", ")}: you may not write to it`;
    const next = "join the group that owns it (`ls -l` shows it, often dialout), then log in again";
    return { state: "failed", text, next };
  } catch (error) {
    if (!isLatchkeyError(error)) throw error;
    return { state: "warning", text: error.message, next: error.next };
  }
}

/** One row while nobody builds firmware here; a row for each part once somebody has begun. */
function* checkSdk(context: Context): Generator<Check> {
  if (!context.env["MODDABLE"]) {
    const text = "$MODDABLE is not set (only needed to build firmware)";
    yield { type: "check", name: "moddable", state: "skipped", text };
    return;
  }
  for (const { name, found, text, next } of sdkParts(context)) {
    const state = found ? "ok" : "failed";
    yield { type: "check", name, state, text, ...(next === undefined ? {} : { next }) };
  }
}

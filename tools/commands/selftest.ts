import { LatchkeyError } from "../../protocol/errors.ts";
import type { Command } from "../cli/command.ts";
import type { Context, Link } from "../cli/context.ts";
import type { CliEvent } from "../cli/event.ts";
import { EXIT } from "../cli/exit-codes.ts";
import { openTarget } from "../console/open-target.ts";
import { CONSOLE_BAUD, onlySerialPort } from "../serial-target.ts";

const LIMIT_MS = 60_000;

interface Verdict {
  readonly passed: number;
  readonly failed: number;
  readonly failures: readonly { readonly name: string; readonly found?: string }[];
  readonly engine_defects: readonly string[];
}

export const selftest: Command = {
  name: "selftest",
  summary: "has a node run its cryptography against published figures",
  maxOperands: 0,
  options: [
    {
      name: "port",
      value: "port",
      help: "serial port, tcp:host:port or sim; the only one there is",
    },
    { name: "wait", value: "ms", help: `how long it may take; ${LIMIT_MS} by default` },
  ],
  examples: [
    ["latchkey selftest", "the board on the only serial port"],
    ["latchkey selftest --port sim", "the simulated one"],
  ],
  async *run(context, args) {
    const target = args.text("port") ?? (await onlySerialPort(context)) ?? "sim";
    const waitMs = args.number("wait", 1, 3_600_000) ?? LIMIT_MS;
    const link = await openTarget(context, target, CONSOLE_BAUD);
    try {
      const verdict = await ask(context, link, target, waitMs);
      yield* findings(verdict);
      return verdict.failed === 0 ? EXIT.ok : EXIT.failed;
    } finally {
      link.close();
    }
  },
};

function* findings({ passed, failed, failures, engine_defects }: Verdict): Generator<CliEvent> {
  for (const { name, found = "nothing" } of failures)
    yield { type: "check", name, state: "failed", text: `gave ${found}` };
  for (const name of engine_defects)
    yield { type: "note", text: `its engine has a known defect, which is avoided: ${name}` };
  if (failed === 0) yield { type: "done", text: `${passed} passed.` };
  else
    yield { type: "warning", text: `${failed} failed, ${passed} passed: do not use this board.` };
}

/** @throws console-silent when no verdict comes in time */
function ask(context: Context, link: Link, target: string, waitMs: number): Promise<Verdict> {
  const { timer } = context;
  return new Promise((resolve, reject) => {
    let heard = "";
    const silent = (why: string): void => {
      timer.clear(limit);
      reject(new LatchkeyError("console-silent", { message: `${target} ${why}` }));
    };
    const limit = timer.set(() => silent(`gave no verdict within ${waitMs / 1000} s`), waitMs);
    link.onText((text) => {
      heard += text;
      const lines = heard.split(/\r?\n/);
      heard = lines.pop() ?? "";
      const verdict = lines.map(verdictIn).find((found) => found !== undefined);
      if (verdict === undefined) return;
      timer.clear(limit);
      resolve(verdict);
    });
    link.onEnd((reason) => silent(`went away: ${reason ?? "closed"}`));
    // The empty line ends whatever was typed there before.
    link.write("\rselftest --json\r");
  });
}

/** Between log lines and prompts, the one line that is the answer. */
function verdictIn(line: string): Verdict | undefined {
  const start = line.indexOf('{"passed":');
  if (start < 0) return undefined;
  try {
    return JSON.parse(line.slice(start)) as Verdict;
  } catch {
    return undefined; // a line that lost bytes on its way
  }
}

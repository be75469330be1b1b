import { LatchkeyError } from "../../protocol/errors.ts";
import type { Command } from "../cli/command.ts";
import type { Context } from "../cli/context.ts";
import type { CliEvent } from "../cli/event.ts";
import { EXIT } from "../cli/exit-codes.ts";
import { openTarget } from "../console/open-target.ts";
import { resolvePath } from "../reader-file.ts";
import { LinkLines } from "../selftest/link-lines.ts";
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
    {
      name: "vectors",
      value: "folder",
      help: "run the suites of Wycheproof in it as well, case by case over the console",
    },
    { name: "wait", value: "ms", help: `how long it may take; ${LIMIT_MS} by default` },
  ],
  examples: [
    ["latchkey selftest", "the board on the only serial port"],
    ["latchkey selftest --port sim", "the simulated one"],
    ["latchkey selftest --vectors wycheproof/testvectors_v1", "all published cases; some minutes"],
  ],
  async *run(context, args) {
    const target = args.text("port") ?? (await onlySerialPort(context)) ?? "sim";
    const waitMs = args.number("wait", 1, 3_600_000) ?? LIMIT_MS;
    const link = await openTarget(context, target, CONSOLE_BAUD);
    try {
      const lines = new LinkLines(link);
      const verdict = await ask(context, lines, target, waitMs);
      yield* findings(verdict);
      const folder = args.text("vectors");
      if (folder === undefined) return verdict.failed === 0 ? EXIT.ok : EXIT.failed;
      const path = resolvePath(context, folder);
      const { runVectors } = await import("../selftest/run-vectors.ts");
      const { passed, failed } = yield* runVectors({ context, lines, target }, path);
      yield* findings({ passed, failed, failures: [], engine_defects: [] });
      return verdict.failed + failed === 0 ? EXIT.ok : EXIT.failed;
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
function ask(context: Context, lines: LinkLines, target: string, waitMs: number): Promise<Verdict> {
  const { timer } = context;
  return new Promise((resolve, reject) => {
    const silent = (why: string): void => {
      timer.clear(limit);
      reject(new LatchkeyError("console-silent", { message: `${target} ${why}` }));
    };
    const limit = timer.set(() => silent(`gave no verdict within ${waitMs / 1000} s`), waitMs);
    lines.listen((line) => {
      if (line === undefined) return silent(`went away: ${lines.gone}`);
      const verdict = verdictIn(line);
      if (verdict === undefined) return;
      timer.clear(limit);
      resolve(verdict);
    });
    // The empty line ends whatever was typed there before.
    lines.write("\rselftest --json\r");
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

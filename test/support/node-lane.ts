import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Lane, LaneOptions } from "./lanes.ts";
import { PrintGuard } from "./print-guard.ts";
import type { Begin, TestRecord } from "./records.ts";
import { nodeTests, root } from "./test-files.ts";

const mocha = join(root, "node_modules", "mocha", "bin", "mocha.js");
const reporter = join(root, "test", "support", "json-reporter.ts");
const NOTES_MAX = 60;

/** mocha cannot stop a test that never lets go of the processor; this can. */
const HANG_LIMIT_MS = 180_000;

/** What mocha's process has said so far. */
class Progress {
  readonly #lane: Pick<LaneOptions, "onRecord" | "onFileDone">;
  readonly #onHang: () => void;
  #file = "";
  #timer: NodeJS.Timeout | undefined;
  #running: Begin["begin"] | undefined;
  failed = 0;
  output = "";

  constructor(lane: Pick<LaneOptions, "onRecord" | "onFileDone">, onHang: () => void) {
    this.#lane = lane;
    this.#onHang = onHang;
    this.#restart();
  }

  message(line: string): void {
    this.#restart();
    const message = JSON.parse(line) as TestRecord | Begin;
    if ("begin" in message) this.#running = message.begin;
    else {
      this.#running = undefined;
      this.#record(message);
    }
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #record(record: TestRecord): void {
    if (record.state === "failed") this.failed++;
    if (record.file !== this.#file) this.#lane.onFileDone(this.#file);
    this.#file = record.file;
    this.#lane.onRecord(record);
  }

  #restart(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const running = this.#running ?? { file: "(lane)", suite: "", title: "loads its files" };
      const error = `hangs: nothing heard for ${HANG_LIMIT_MS / 1000} s`;
      const durationMs = HANG_LIMIT_MS;
      this.#record({ lane: "node", ...running, state: "failed", durationMs, error });
      this.#onHang();
    }, HANG_LIMIT_MS);
  }
}

function start(files: readonly string[], grep: string): ChildProcess {
  const filter = grep === "" ? [] : ["--grep", grep];
  const words = ["--reporter", reporter, "--timeout", "60000"];
  const args = [mocha, ...words, ...filter, ...files];
  return spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe", "pipe"] });
}

/** Names of files whose tests have people's keys; each half of the suite has some. */
const OF_PEOPLE = /human|people|visit|issuer|enrolment/;

/** Whole simulations and everything else: two halves of about the same length. */
function halves(files: readonly string[]): string[][] {
  const whole = (file: string): boolean => file.startsWith("test/e2e/");
  return [files.filter(whole), files.filter((file) => !whole(file))].filter(
    (half) => half.length > 0,
  );
}

/** mocha on the Node that runs this, in a process for each half of the files. */
export const nodeLane: Lane = {
  name: "node",
  missing: () => undefined,

  async run(options: LaneOptions): Promise<void> {
    const chosen = halves(nodeTests().filter(options.files));
    const ends = await Promise.allSettled(chosen.map((files) => runFiles(files, options)));
    const failure = ends.find((end) => end.status === "rejected");
    if (failure !== undefined) throw failure.reason;
  },
};

/** Files of people are among those that ran: whatever was printed by any of them was looked at. */
function printRecord({ found, seen }: PrintGuard): TestRecord {
  const state = found === undefined && seen > 0 ? "passed" : "failed";
  const title = "printed no words and no key of the people of the tests";
  const error =
    seen === 0 ? "nothing was printed" : `secret ${found} of print-guard.ts was printed`;
  const where = { lane: "node", file: "(lane)", suite: "" } as const;
  return { ...where, title, state, durationMs: 0, ...(state === "failed" && { error }) };
}

async function runFiles(
  files: readonly string[],
  { grep, onRecord, onFileDone, onNote }: LaneOptions,
): Promise<void> {
  const child = start(files, grep);
  let hung = false;
  const progress = new Progress({ onRecord, onFileDone }, () => {
    hung = true;
    child.kill("SIGKILL");
  });
  const messages = createInterface({ input: child.stdio[3] as Readable });
  const guard = files.some((file) => OF_PEOPLE.test(file)) ? new PrintGuard() : undefined;
  messages.on("line", (line) => {
    guard?.look(`${line}\n`);
    progress.message(line);
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream!.setEncoding("utf8").on("data", (text: string) => {
      guard?.look(text);
      progress.output += text;
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  }).finally(() => progress.end());
  if (guard !== undefined) onRecord(printRecord(guard));
  const { failed, output } = progress;
  const shown = output.trim();
  if (shown !== "") for (const line of shown.split("\n").slice(-NOTES_MAX)) onNote(line);
  // mocha's exit code is the number of failures: anything else means that it never got so far.
  if (!hung && code !== Math.min(failed, 255)) {
    throw new Error(`mocha ended with ${code} after ${failed} failures\n${output.slice(-4000)}`);
  }
}

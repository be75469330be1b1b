/**
 * A mocha reporter that sends every test as one JSON line to file descriptor 3. What tests print
 * stays on the standard output, so that the two cannot mix.
 */
import { writeSync } from "node:fs";
import { relative } from "node:path";
import type { Runner, Test } from "mocha";
import type { Begin, TestRecord } from "./records.ts";

function suiteOf(test: Test): string {
  return test.titlePath().slice(0, -1).join(" › ");
}

function send(test: Test, state: TestRecord["state"], error?: Error): void {
  write({
    lane: "node",
    file: relative(process.cwd(), test.file ?? ""),
    suite: suiteOf(test),
    title: test.title,
    state,
    durationMs: test.duration ?? 0,
    ...(error === undefined ? {} : { error: textOf(error) }),
  });
}

/** Says what runs now: when nothing follows, the parent knows which test hangs. */
function begin(test: Test): void {
  const file = relative(process.cwd(), test.file ?? "");
  write({ begin: { file, suite: suiteOf(test), title: test.title } });
}

function write(message: TestRecord | Begin): void {
  const line = Buffer.from(`${JSON.stringify(message)}\n`);
  // A full pipe makes the descriptor say EAGAIN; the parent reads all the time, so try again.
  for (let at = 0; at < line.length; ) at += tryWrite(line.subarray(at));
}

function tryWrite(bytes: Uint8Array): number {
  try {
    return writeSync(3, bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return 0;
    throw error;
  }
}

function textOf(error: Error): string {
  const text = error.stack ?? `${error.name}: ${error.message}`;
  return text
    .split("\n")
    .filter((line) => !/^\s+at .*(node:internal|node_modules\/mocha)/.test(line))
    .join("\n");
}

/** Who still holds something after the last test says what, instead of waiting for ever. */
const LINGER_MS = 10_000;

function endWithin(ms: number): void {
  const end = (): void => {
    const held = process.getActiveResourcesInfo().join(", ");
    console.error(`the tests ended ${ms / 1000} s ago, and this is still held: ${held}`);
    // With the code that mocha has set.
    process.exit();
  };
  setTimeout(end, ms).unref();
}

export default class JsonReporter {
  constructor(runner: Runner) {
    runner.once("end", () => endWithin(LINGER_MS));
    runner.on("test", begin);
    runner.on("pass", (test) => send(test, "passed"));
    runner.on("pending", (test) => send(test, "skipped"));
    runner.on("fail", (test, error) => send(test, "failed", error));
  }
}

import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Lane, LaneOptions } from "./lanes.ts";
import type { TestRecord } from "./records.ts";
import { nodeTests, root } from "./test-files.ts";

const mocha = join(root, "node_modules", "mocha", "bin", "mocha.js");
const reporter = join(root, "test", "support", "json-reporter.ts");

/** mocha on the Node that runs this, in a process of its own. */
export const nodeLane: Lane = {
  name: "node",
  missing: () => undefined,

  async run({ files, grep, onRecord, onNote }: LaneOptions): Promise<void> {
    const chosen = nodeTests().filter(files);
    if (chosen.length === 0) return;
    const filter = grep === "" ? [] : ["--grep", grep];
    const args = [mocha, "--reporter", reporter, "--timeout", "20000", ...filter, ...chosen];
    const child = spawn(process.execPath, args, {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    let failed = 0;
    createInterface({ input: child.stdio[3] as Readable }).on("line", (line) => {
      const record = JSON.parse(line) as TestRecord;
      if (record.state === "failed") failed++;
      onRecord(record);
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream!.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    const shown = output.trim();
    if (shown !== "") for (const line of shown.split("\n").slice(-60)) onNote(line);
    // mocha's exit code is the number of failures: anything else means that it never got so far.
    if (code !== Math.min(failed, 255)) {
      throw new Error(`mocha ended with ${code} after ${failed} failures\n${output.slice(-4000)}`);
    }
  },
};

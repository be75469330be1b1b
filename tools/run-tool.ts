import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { LatchkeyError } from "../protocol/errors.ts";
import type { ToolOptions } from "./cli/context.ts";

/** Runs a program to its end and gives its exit code. @throws file-unusable when it cannot start */
export function runTool(words: readonly string[], options: ToolOptions): Promise<number> {
  const { cwd, env, onLine } = options;
  const [program = "", ...rest] = words;
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on("line", onLine);
    child.on("error", (cause) =>
      reject(
        new LatchkeyError("file-unusable", { message: `${program} cannot be started`, cause }),
      ),
    );
    child.on("close", (code) => resolve(code ?? 1));
  });
}

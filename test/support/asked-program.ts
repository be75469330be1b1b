import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync, readSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

/** A program that answers a line with a line, asked at once: over two named pipes. */
export class AskedProgram {
  readonly #folder: string;
  readonly #child: ChildProcess;
  readonly #requests: number;
  readonly #answers: number;

  /**
   * @param folder where the program is, and all that it needs: it goes when the program ends
   * @param run what stands before the program's path
   */
  constructor(folder: string, name: string, run: readonly string[] = []) {
    const at = (file: string) => join(folder, file);
    this.#folder = folder;
    spawnSync("mkfifo", [at("requests"), at("answers")]);
    const script = `exec "$@" "$0/${name}" <"$0/requests" >"$0/answers" 2>"$0/errors"`;
    this.#child = spawn("sh", ["-c", script, folder, ...run], { stdio: "inherit" });
    this.#requests = openSync(at("requests"), "w");
    this.#answers = openSync(at("answers"), "r");
  }

  /** @throws Error with what a sanitizer said, or valgrind */
  ask(request: string): string {
    writeSync(this.#requests, `${request}\n`);
    let line = "";
    const piece = Buffer.alloc(512);
    while (!line.endsWith("\n")) {
      const length = readSync(this.#answers, piece);
      if (length === 0) {
        const errors = readFileSync(join(this.#folder, "errors"), "utf8");
        throw new Error(`the C died over ${request.split(" ")[0]}: ${errors}`);
      }
      line += piece.toString("latin1", 0, length);
    }
    return line.trim();
  }

  close(): void {
    closeSync(this.#requests);
    closeSync(this.#answers);
    this.#child.kill();
    rmSync(this.#folder, { recursive: true });
  }
}

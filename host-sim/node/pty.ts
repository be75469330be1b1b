import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LatchkeyError } from "../../protocol/errors.ts";

export interface Pty {
  /** Path that another program opens as its serial port. */
  readonly path: string;
  write(bytes: Uint8Array): void;
  onData(listener: (bytes: Uint8Array) => void): void;
  close(): void;
}

const APPEARS_WITHIN_MS = 5000;

/**
 * A pseudo terminal in raw mode. Node cannot make one, so socat does: its pipe to us on one side,
 * the terminal on the other.
 * @throws port-unavailable when socat is not installed or does not come up
 */
export async function openPty(): Promise<Pty> {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-pty-"));
  const path = join(folder, "tty");
  const socat = spawn("socat", [`PTY,link=${path},rawer,b115200`, "STDIO"], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const close = (): void => {
    socat.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await appear(socat, path);
  } catch (error) {
    close();
    const message = "no pseudo terminal: `socat` makes it, so install that (apt-get install socat)";
    throw new LatchkeyError("port-unavailable", { message, cause: error });
  }
  // A program that closes the port in the middle of our write is not our failure.
  socat.stdin?.on("error", () => {});
  return {
    path,
    write: (bytes) => void socat.stdin?.write(bytes),
    onData: (listener) => void socat.stdout?.on("data", listener),
    close,
  };
}

async function appear(socat: ChildProcess, path: string): Promise<void> {
  let failure: Error | undefined;
  socat.once("error", (error) => {
    failure = error;
  });
  socat.once("exit", (code) => {
    failure ??= new Error(`socat ended with ${code}`);
  });
  for (let waited = 0; !existsSync(path); waited += 10) {
    if (failure !== undefined) throw failure;
    if (waited > APPEARS_WITHIN_MS) throw new Error("socat made no terminal");
    await sleep(10);
  }
}

import { type ChildProcess, spawn } from "node:child_process";
import { tmpdir } from "node:os";
import type { Readable, Writable } from "node:stream";
import { findXsWorker } from "../../tools/find-xs.ts";
import { encodeNetstring, NetstringReader } from "./netstring.ts";

/** Exit codes of the worker (`ExitCode` in xsnap-worker.c), in words. */
const EXIT_REASONS: Readonly<Record<number, string>> = {
  1: "bad usage",
  2: "broken pipe to the host",
  11: "out of memory",
  12: "stack overflow",
  15: "unhandled exception",
  16: "out of property keys",
  17: "computed more than the limit",
};

/** What one command cost. All three are deterministic: equal runs give equal numbers. */
export interface XsMeter {
  /** Steps of the byte-code interpreter, with the surcharges that XS puts on costly built-ins. */
  readonly compute: number;
  /** Bytes that the machine has taken from the system so far. */
  readonly allocate: number;
  /** Slots in use. */
  readonly currentHeapCount: number;
}

export interface XsReply {
  /** What the evaluated expression gave, if it was an ArrayBuffer; otherwise empty. */
  readonly body: Uint8Array;
  readonly meter: XsMeter;
}

export interface XsEngineOptions {
  /** Answers the `issueCommand(buffer)` of code inside XS, which waits for it synchronously. */
  readonly onCommand?: (request: Uint8Array) => Uint8Array | Promise<Uint8Array>;
  /** Receives what the code inside prints, and the engine's own complaints. */
  readonly onOutput?: (text: string) => void;
  /** Longest silence of the worker before it is killed as hung. */
  readonly silenceLimitMs?: number;
  /** Largest `compute` of one command; the worker ends when it is exceeded. None by default. */
  readonly computeLimit?: number;
}

interface PendingCommand {
  readonly resolve: (reply: XsReply) => void;
  readonly reject: (error: Error) => void;
}

/** XS as a process died or broke its protocol; a test that ran in it has failed. */
export class XsCrash extends Error {
  override readonly name = "XsCrash";
}

/** Why there is no engine here, and what to type. */
export const XS_MISSING =
  "the XS engine is not installed: `npm install` compiles @agoric/xsnap when it finds make and " +
  "a C compiler, if npm itself runs on Node 20 or 22 (docs/xs.md)";

/**
 * One real XS machine in a process of its own. Commands run one after another; each ends when
 * the machine's promise jobs and immediates are used up.
 *
 * ```ts
 * const xs = await XsEngine.start();
 * const { meter } = await xs.evaluate("1 + 1");
 * await xs.close();
 * ```
 */
export class XsEngine {
  readonly #child: ChildProcess;
  readonly #toWorker: Writable;
  readonly #options: XsEngineOptions;
  readonly #reader = new NetstringReader();
  #pending: PendingCommand | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #silence: NodeJS.Timeout | undefined;
  #ended: string | undefined;
  readonly #exit: Promise<void>;

  private constructor(worker: string, options: XsEngineOptions) {
    this.#options = options;
    // `-i 1` switches metering on; without a limit nothing is cut off.
    const limit = options.computeLimit === undefined ? [] : ["-l", String(options.computeLimit)];
    this.#child = spawn(worker, ["latchkey", "-i", "1", ...limit], {
      cwd: tmpdir(),
      stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"],
    });
    const [, stdout, stderr, toWorker, fromWorker] = this.#child.stdio;
    this.#toWorker = toWorker as Writable;
    // A dying worker closes its pipe first; its exit says why, so the pipe's error is not needed.
    this.#toWorker.on("error", () => {});
    (fromWorker as Readable).on("data", (chunk: Buffer) => this.#receive(chunk));
    for (const stream of [stdout, stderr]) {
      (stream as Readable).setEncoding("utf8").on("data", (text: string) => {
        options.onOutput?.(text);
      });
    }
    this.#exit = new Promise((resolve) => {
      this.#child.once("error", (error) => {
        this.#crash(`the XS worker did not start: ${error.message}`);
        resolve();
      });
      this.#child.once("close", (code, signal) => {
        const reason = signal ?? EXIT_REASONS[code ?? -1] ?? `exit code ${code}`;
        this.#crash(`the XS worker ended: ${reason}`);
        resolve();
      });
    });
  }

  /** @throws XsCrash when the engine is not installed or does not answer. */
  static async start(options: XsEngineOptions = {}): Promise<XsEngine> {
    const worker = findXsWorker();
    if (worker === undefined) throw new XsCrash(XS_MISSING);
    const engine = new XsEngine(worker, options);
    await engine.#command("R", "");
    return engine;
  }

  /** Evaluates a script. @throws Error with the exception's text, or XsCrash */
  evaluate(source: string): Promise<XsReply> {
    return this.#command("e", source);
  }

  /** Runs a script file. The exception's text goes to `onOutput`; prefer `evaluate`. */
  runFile(path: string): Promise<XsReply> {
    return this.#command("s", path);
  }

  /** Calls the global `handleCommand(buffer)` inside; its ArrayBuffer result is the body. */
  call(request: Uint8Array): Promise<XsReply> {
    return this.#command("?", request);
  }

  /** Ends the worker; what still runs in it is rejected. */
  async close(): Promise<void> {
    if (this.#ended === undefined) {
      this.#toWorker.write(encodeNetstring(Buffer.from("q")));
      this.#toWorker.end();
      const kill = setTimeout(() => this.#child.kill("SIGKILL"), 1000);
      await this.#exit;
      clearTimeout(kill);
    }
  }

  #command(letter: string, argument: string | Uint8Array): Promise<XsReply> {
    const run = () =>
      new Promise<XsReply>((resolve, reject) => {
        if (this.#ended !== undefined) {
          reject(new XsCrash(this.#ended));
          return;
        }
        this.#pending = { resolve, reject };
        this.#watch();
        this.#send(letter, argument);
      });
    const result = this.#queue.then(run);
    this.#queue = result.catch(() => {});
    return result;
  }

  #send(letter: string, argument: string | Uint8Array): void {
    const body = typeof argument === "string" ? Buffer.from(argument) : argument;
    this.#toWorker.write(encodeNetstring(Buffer.concat([Buffer.from(letter), body])));
  }

  #receive(chunk: Uint8Array): void {
    this.#watch();
    try {
      for (const message of this.#reader.push(chunk)) this.#handle(message);
    } catch (error) {
      this.#kill(`the XS worker broke its protocol: ${(error as Error).message}`);
    }
  }

  #handle(message: Uint8Array): void {
    const kind = String.fromCharCode(message[0] ?? 0);
    const body = message.subarray(1);
    if (kind === "?") this.#answer(body);
    else if (kind === ".") this.#settle((pending) => pending.resolve(parseReply(body)));
    else if (kind === "!") {
      const text = Buffer.from(body).toString() || "uncaught exception (see the output)";
      this.#settle((pending) => pending.reject(new Error(text)));
    } else throw new Error(`unexpected message "${kind}"`);
  }

  #answer(request: Uint8Array): void {
    const { onCommand } = this.#options;
    Promise.resolve()
      .then(() => onCommand?.(request) ?? new Uint8Array(0))
      .then(
        (response) => this.#send("/", response),
        (error) => this.#kill(`the host failed to answer: ${String(error)}`),
      );
  }

  #settle(how: (pending: PendingCommand) => void): void {
    clearTimeout(this.#silence);
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending === undefined) throw new Error("an answer that nobody asked for");
    how(pending);
  }

  #watch(): void {
    const limitMs = this.#options.silenceLimitMs;
    if (limitMs === undefined) return;
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#kill(`the XS worker hung: nothing heard of it for ${limitMs} ms`);
    }, limitMs);
  }

  #kill(reason: string): void {
    this.#child.kill("SIGKILL");
    this.#crash(reason);
  }

  #crash(reason: string): void {
    clearTimeout(this.#silence);
    this.#ended ??= reason;
    this.#pending?.reject(new XsCrash(this.#ended));
    this.#pending = undefined;
  }
}

/** `{"compute":…,…}\x01body`; the answer to "are you ready" has neither part. */
function parseReply(message: Uint8Array): XsReply {
  const separator = message.indexOf(1);
  if (separator < 0) {
    return { body: message, meter: { compute: 0, allocate: 0, currentHeapCount: 0 } };
  }
  const meter = JSON.parse(Buffer.from(message.subarray(0, separator)).toString());
  return { body: message.subarray(separator + 1), meter: pickMeter(meter) };
}

function pickMeter({ compute, allocate, currentHeapCount }: XsMeter): XsMeter {
  return { compute, allocate, currentHeapCount };
}

import { join } from "node:path";
import type { TapOutcome } from "../host-sim/scenario/events.ts";
import { isErrorCode } from "../protocol/error-codes.ts";
import { isLatchkeyError, LatchkeyError } from "../protocol/errors.ts";
import { Channel } from "./cli/channel.ts";
import type { Context, Link } from "./cli/context.ts";
import type { ControlAddress } from "./control-socket.ts";
import { DATA_FOLDER } from "./reader-file.ts";
import type { DeskBadge } from "./simulator.ts";

/** Where a running simulator says how to reach it. */
export function controlFile({ cwd }: Pick<Context, "cwd">): string {
  return join(cwd, DATA_FOLDER, "sim.json");
}

export interface ControlAnswer {
  readonly outcome?: TapOutcome;
  readonly laid?: string;
  readonly badges?: readonly DeskBadge[];
  readonly serial?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

const NOT_RUNNING =
  "no simulator runs in this folder: start one with `latchkey sim` in another terminal";

/** A conversation with the simulator that runs in this folder. */
export class ControlClient {
  readonly #link: Link;
  readonly #token: string;
  readonly #answers = new Channel<ControlAnswer>();
  #rest = "";

  private constructor(link: Link, token: string) {
    this.#link = link;
    this.#token = token;
    link.onText((text) => this.#receive(text));
    link.onEnd((reason) => this.#answers.end(gone(reason)));
  }

  /** @throws network-failed when none runs */
  static async connect(context: Context): Promise<ControlClient> {
    const text = context.readText(controlFile(context));
    if (text === undefined) throw new LatchkeyError("network-failed", { message: NOT_RUNNING });
    const { port, token } = JSON.parse(text) as ControlAddress;
    try {
      return new ControlClient(await context.connectTcp("127.0.0.1", port), token);
    } catch (cause) {
      if (!isLatchkeyError(cause, "network-failed")) throw cause;
      throw new LatchkeyError("network-failed", { message: NOT_RUNNING, cause });
    }
  }

  send(request: Readonly<Record<string, unknown>>): void {
    this.#link.write(`${JSON.stringify({ token: this.#token, ...request })}\n`);
  }

  /** Answers as they come. @throws the error that the simulator reports */
  async *answers(): AsyncGenerator<ControlAnswer, void> {
    for await (const answer of this.#answers) {
      if (answer.error !== undefined) throw fromWire(answer.error);
      yield answer;
    }
  }

  async ask(request: Readonly<Record<string, unknown>>): Promise<ControlAnswer> {
    this.send(request);
    for await (const answer of this.answers()) return answer;
    throw gone("it said nothing");
  }

  close(): void {
    this.#answers.end();
    this.#link.close();
  }

  #receive(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#answers.push(JSON.parse(line) as ControlAnswer);
  }
}

function gone(reason: string | undefined): LatchkeyError {
  const message = `the simulator went away${reason === undefined ? "" : `: ${reason}`}`;
  return new LatchkeyError("network-failed", { message });
}

function fromWire({ code, message }: { code: string; message: string }): LatchkeyError {
  return new LatchkeyError(isErrorCode(code) ? code : "internal", { message });
}

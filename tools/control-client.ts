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

  /** @throws sim-not-running */
  static async connect(context: Context): Promise<ControlClient> {
    const address = addressOf(context.readText(controlFile(context)));
    if (address === undefined) throw new LatchkeyError("sim-not-running");
    try {
      const link = await context.connectTcp("127.0.0.1", address.port);
      return new ControlClient(link, address.token);
    } catch (cause) {
      // The file was left behind: its simulator was killed.
      if (!isLatchkeyError(cause, "network-failed")) throw cause;
      throw new LatchkeyError("sim-not-running", { cause });
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

/** `undefined` when there is no file, or half of one. */
function addressOf(text: string | undefined): ControlAddress | undefined {
  try {
    const { port, token } = JSON.parse(text ?? "{}") as Partial<ControlAddress>;
    const usable = Number.isInteger(port) && port! > 0 && port! < 65536;
    return usable && typeof token === "string" ? { port: port!, token } : undefined;
  } catch {
    return undefined;
  }
}

/** @throws sim-running when one answers in this folder: two would share database and flash */
export async function refuseSecondSimulator(context: Context): Promise<void> {
  try {
    const client = await ControlClient.connect(context);
    client.close();
  } catch (error) {
    if (isLatchkeyError(error, "sim-not-running")) return;
    throw error;
  }
  throw new LatchkeyError("sim-running");
}

function gone(reason: string | undefined): LatchkeyError {
  const message = `the simulator went away${reason === undefined ? "" : `: ${reason}`}`;
  return new LatchkeyError("network-failed", { message });
}

function fromWire({ code, message }: { code: string; message: string }): LatchkeyError {
  return new LatchkeyError(isErrorCode(code) ? code : "internal", { message });
}

import { createInterface } from "node:readline";
import type { Channel } from "../cli/channel.ts";
import type { Context, Link } from "../cli/context.ts";
import type { CliEvent } from "../cli/event.ts";
import { reopen } from "../reopen.ts";
import type { ConsoleEar } from "./console-ear.ts";
import type { Redaction } from "./redaction.ts";
import type { Transcript } from "./transcript.ts";

export interface ConversationOptions {
  readonly context: Context;
  readonly target: string;
  readonly open: () => Promise<Link>;
  readonly heard: Channel<CliEvent>;
  readonly ear: ConsoleEar;
  readonly redaction: Redaction;
  readonly transcript: Transcript | undefined;
  /** Opens the port again when it goes away. */
  readonly reconnect: boolean;
}

/**
 * Somebody at a keyboard and a node. When the port goes away (unplugged, restarted) it is looked
 * for until it is back; what is typed meanwhile is not sent, and that is said.
 */
export class Conversation {
  readonly #options: ConversationOptions;
  #link: Link | undefined;
  #over = false;

  constructor(options: ConversationOptions) {
    this.#options = options;
  }

  /** Yields what there is to show, until the input ends, Ctrl-C, or the port is gone for good. */
  async *run(): AsyncGenerator<CliEvent, void> {
    const { context, heard, target, open } = this.#options;
    this.#attach(await open());
    const typed = createInterface({ input: context.stdin });
    typed.on("line", (line) => this.#type(line));
    typed.on("close", () => this.#end());
    context.interrupted.addEventListener("abort", () => this.#end(), { once: true });
    yield { type: "note", text: `Connected to ${target}. Type \`help\`; Ctrl-C ends it.` };
    try {
      yield* heard;
    } finally {
      typed.close();
      this.#link?.close();
    }
  }

  #attach(link: Link): void {
    this.#link = link;
    link.onText((text) => this.#options.ear.hear(text));
    link.onEnd((reason) => this.#gone(reason));
  }

  #gone(reason: string | undefined): void {
    const { target, reconnect, ear, heard, transcript } = this.#options;
    this.#link?.close();
    this.#link = undefined;
    if (this.#over) return;
    ear.flush();
    const why = `${target} is gone${reason ? `: ${reason}` : ""}`;
    transcript?.add("=", why);
    heard.push({ type: "warning", text: reconnect ? `${why}; waiting for it` : why });
    if (reconnect) this.#comeBack().catch((error: unknown) => heard.end(error));
    else this.#end();
  }

  async #comeBack(): Promise<void> {
    const { context, open, target, heard, transcript } = this.#options;
    const link = await reopen(context, open);
    if (link === undefined) return;
    if (this.#over) {
      link.close();
      return;
    }
    const text = `${target} is back`;
    transcript?.add("=", text);
    heard.push({ type: "note", text });
    this.#attach(link);
  }

  #type(line: string): void {
    const { target, transcript, redaction, heard } = this.#options;
    if (this.#link === undefined) {
      heard.push({ type: "warning", text: `not sent: ${target} is away` });
      return;
    }
    transcript?.add(">", redaction.apply(line));
    this.#link.write(`${line}\r\n`);
  }

  #end(): void {
    this.#over = true;
    this.#options.ear.flush();
    this.#options.heard.end();
  }
}

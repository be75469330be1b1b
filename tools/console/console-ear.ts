import type { Channel } from "../cli/channel.ts";
import type { Context } from "../cli/context.ts";
import type { CliEvent } from "../cli/event.ts";
import { LineBuffer } from "./line-buffer.ts";
import { type LogFilter, parseLogLine } from "./log-filter.ts";
import type { Redaction } from "./redaction.ts";
import { stamp, type Transcript } from "./transcript.ts";

export interface ConsoleEarOptions {
  readonly context: Context;
  readonly heard: Channel<CliEvent>;
  readonly filter: LogFilter;
  readonly redaction: Redaction;
  readonly transcript: Transcript | undefined;
  /** Puts the time in front of each line. */
  readonly stamped: boolean;
}

/** Listens to a node: lines, without secrets, without the log entries that nobody asked for. */
export class ConsoleEar {
  readonly #options: ConsoleEarOptions;
  readonly #lines: LineBuffer;
  #warned = false;

  constructor(options: ConsoleEarOptions) {
    this.#options = options;
    this.#lines = new LineBuffer(options.context.timer, (text) => this.#line(text));
  }

  hear(text: string): void {
    this.#lines.push(text);
  }

  flush(): void {
    this.#lines.flush();
  }

  #line(raw: string): void {
    const { context, heard, filter, redaction, transcript, stamped } = this.#options;
    const text = redaction.apply(raw);
    if (text !== raw) this.#warn();
    // The transcript has everything: what a filter hid is what is looked for afterwards.
    transcript?.add("<", text);
    const time = stamped ? stamp(context) : undefined;
    const at = time === undefined ? {} : { time };
    const line = parseLogLine(text.trim());
    if (line === undefined) heard.push({ type: "serial", text, ...at });
    else if (filter.shows(line)) heard.push({ type: "log", line, ...at });
  }

  #warn(): void {
    if (this.#warned) return;
    this.#warned = true;
    const text = "The node printed a secret; it is replaced by [secret] here.";
    const next = "report it: no version should do so; and change that secret";
    this.#options.heard.push({ type: "warning", text, next });
  }
}

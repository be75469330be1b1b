import type { Serial, SerialConstructor } from "../../hal/ecma419.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { toLatchkeyError } from "../../protocol/errors.ts";
import { answer, errorLines } from "./answer.ts";
import { parseCommandLine } from "./command-line.ts";
import { LINE_BYTES_MAX, type LineEvent, LineReader } from "./line-reader.ts";
import type { ConsoleSource } from "./snapshot.ts";

export interface ConsoleOptions {
  readonly io: SerialConstructor;
  readonly receive: number;
  readonly transmit: number;
  readonly port: number;
  readonly baud: number;
  /** Sends back what is typed, for terminals that do not show it themselves. */
  readonly echo: boolean;
  readonly source: ConsoleSource;
  readonly banner: string;
}

const PROMPT = "> ";
const NEWLINE = "\r\n";
/** Answers that a slow port has not taken yet; more than this is dropped, oldest last. */
const BACKLOG_BYTES_MAX = 16_384;

/**
 * The technician's line console over any ECMA-419 Serial. Writes only as much as the port has
 * room for, so that a slow or unconnected port never blocks the reader.
 */
export class Console {
  readonly #options: ConsoleOptions;
  readonly #lines = new LineReader();
  readonly #serial: Serial;
  #backlog: Uint8Array[] = [];
  #backlogBytes = 0;
  #room = 0;
  #dropped = false;
  #closed = false;

  constructor(options: ConsoleOptions) {
    this.#options = options;
    const { io: Io, receive, transmit, port, baud } = options;
    this.#serial = new Io({
      receive,
      transmit,
      port,
      baud,
      format: "buffer",
      onReadable: (count) => this.#readable(count),
      onWritable: (count) => this.#writable(count),
    });
    this.#send(`${NEWLINE}${options.banner}${NEWLINE}${PROMPT}`);
  }

  close(): void {
    this.#closed = true;
    this.#serial.close();
  }

  #readable(count: number): void {
    const buffer = this.#serial.read(count);
    if (buffer === undefined) return;
    for (const event of this.#lines.push(new Uint8Array(buffer))) this.#handle(event);
  }

  #handle(event: LineEvent): void {
    if (event.type === "echo") {
      if (this.#options.echo) this.#send(event.text);
      return;
    }
    if (event.type === "line") this.#run(event.text);
    else if (event.type === "too-long")
      this.#print([`That line is too long: at most ${LINE_BYTES_MAX} characters.`]);
    this.#send(PROMPT);
  }

  #run(text: string): void {
    try {
      const command = parseCommandLine(text);
      if (command === undefined) return;
      this.#print(answer(command, this.#options.source, (lines) => this.#later(lines)));
    } catch (error) {
      this.#print(errorLines(toLatchkeyError(error), text.includes("--json")));
    }
  }

  /** What comes when the prompt stands there already. */
  #later(lines: readonly string[]): void {
    if (this.#closed || lines.length === 0) return;
    this.#send("\r");
    this.#print(lines);
    this.#send(PROMPT);
  }

  #print(lines: readonly string[]): void {
    for (const line of lines) this.#send(`${line}${NEWLINE}`);
  }

  #send(text: string): void {
    if (text === "") return;
    const bytes = toUtf8(text);
    if (this.#backlogBytes + bytes.length > BACKLOG_BYTES_MAX) {
      this.#dropped = true;
      return;
    }
    this.#backlog.push(bytes);
    this.#backlogBytes += bytes.length;
    this.#drain();
  }

  #writable(count: number): void {
    this.#room = count;
    this.#drain();
    if (!this.#dropped || this.#backlogBytes > 0) return;
    this.#dropped = false;
    this.#send(`${NEWLINE}[output was dropped: the port is too slow]${NEWLINE}${PROMPT}`);
  }

  #drain(): void {
    while (this.#room > 0) {
      const first = this.#backlog[0];
      if (first === undefined) return;
      const part = first.subarray(0, this.#room);
      // A copy of exactly these bytes: some ports look at the buffer behind a view.
      this.#serial.write(part.slice());
      this.#room -= part.length;
      this.#backlogBytes -= part.length;
      if (part.length === first.length) this.#backlog.shift();
      else this.#backlog[0] = first.subarray(part.length);
    }
  }
}

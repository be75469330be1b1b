import type { Serial, SerialConstructor } from "../../hal/ecma419.ts";
import { concat } from "../../protocol/encoding/bytes.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { toLatchkeyError } from "../../protocol/errors.ts";
import type { ImprovPacket } from "../../protocol/improv/packet.ts";
import { PacketScanner, type Scanned } from "../../protocol/improv/packet-scanner.ts";
import type { Timer, TimerHandle } from "../../protocol/platform.ts";
import { answer, errorLines } from "./answer.ts";
import { parseCommandLine } from "./command-line.ts";
import { LINE_BYTES_MAX, type LineEvent, LineReader } from "./line-reader.ts";
import type { ConsoleSource } from "./snapshot.ts";

/** Whoever takes the packets that come between the lines. */
export interface PacketHandler {
  readonly timer: Timer;
  handle(packet: ImprovPacket, send: (packet: Uint8Array) => void): void;
  damaged(send: (packet: Uint8Array) => void): void;
}

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
  /** Without it everything that comes in is text. */
  readonly packets?: PacketHandler;
}

const PROMPT = "> ";
const NEWLINE = "\r\n";
const LF = 0x0a;
/** Answers that a slow port has not taken yet; more than this is dropped, oldest last. */
const BACKLOG_BYTES_MAX = 16_384;
/** A packet whose next byte takes longer than this has lost it. */
const PACKET_GAP_MS = 200;

/**
 * The technician's line console over any ECMA-419 Serial. Writes only as much as the port has
 * room for, so that a slow or unconnected port never blocks the reader.
 */
export class Console {
  readonly #options: ConsoleOptions;
  readonly #lines = new LineReader();
  readonly #packets = new PacketScanner();
  #gap: TimerHandle | undefined;
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
    this.#awaitRest(false);
    this.#serial.close();
  }

  #readable(count: number): void {
    const buffer = this.#serial.read(count);
    if (buffer === undefined) return;
    const bytes = new Uint8Array(buffer);
    if (this.#options.packets === undefined) this.#type(bytes);
    else this.#split(this.#packets.push(bytes));
  }

  #split(scanned: readonly Scanned[]): void {
    const { packets } = this.#options;
    const send = (packet: Uint8Array) => this.#sendPacket(packet);
    for (const found of scanned) {
      if (found.type === "text") this.#type(found.bytes);
      else if (found.type === "packet") packets?.handle(found.packet, send);
      else packets?.damaged(send);
    }
    this.#awaitRest(this.#packets.waiting);
  }

  #awaitRest(wanted: boolean): void {
    const timer = this.#options.packets?.timer;
    if (this.#gap !== undefined) timer?.clear(this.#gap);
    this.#gap = wanted
      ? timer?.set(() => this.#split(this.#packets.abandon()), PACKET_GAP_MS)
      : undefined;
  }

  #type(bytes: Uint8Array): void {
    for (const event of this.#lines.push(bytes)) this.#handle(event);
  }

  /** On a line of its own: public tools look for packets at the beginning of lines only. */
  #sendPacket(packet: Uint8Array): void {
    this.#sendBytes(concat(Uint8Array.of(LF), packet, Uint8Array.of(LF)));
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
    if (text !== "") this.#sendBytes(toUtf8(text));
  }

  #sendBytes(bytes: Uint8Array): void {
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
    if (this.#backlogBytes > 0) this.#drain();
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

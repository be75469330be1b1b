import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { type ErrorCode, isErrorCode } from "../../protocol/error-codes.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { IMPROV_ERROR, IMPROV_TYPE, type ImprovPacket } from "../../protocol/improv/packet.ts";
import { PacketScanner } from "../../protocol/improv/packet-scanner.ts";
import { encodeCommand, IMPROV_COMMAND, parseResult } from "../../protocol/improv/rpc.ts";
import type { Timer } from "../../protocol/platform.ts";
import type { ByteLink } from "../cli/context.ts";

/** What a device makes of one packet of ours. */
type Reply =
  | { readonly type: "state"; readonly state: number }
  | { readonly type: "error"; readonly error: number }
  | { readonly type: "result"; readonly command: number; readonly strings: readonly string[] }
  /** Something was garbled on its way to us. */
  | { readonly type: "damaged" }
  | { readonly type: "silence" }
  | { readonly type: "gone"; readonly error: LatchkeyError };

/** Returns what a reply means to whoever waits, or `undefined` to wait on. */
type Judge<T> = (reply: Reply) => { readonly value: T } | "again" | undefined;

export interface Patience {
  /** For one answer. */
  readonly waitMs: number;
  /** How often the packet is sent in all. */
  readonly tries: number;
}

/** A node answers within milliseconds; flash that is being erased holds it up for 45. */
const USUAL: Patience = Object.freeze({ waitMs: 1_000, tries: 5 });
/** Joining takes a node 20 s at most. Sent again meanwhile, in case it was lost. */
const JOINING: Patience = Object.freeze({ waitMs: 6_000, tries: 5 });

export interface ImprovClientOptions {
  readonly link: ByteLink;
  readonly timer: Timer;
  readonly path: string;
  /** Ends whatever is waited for. */
  readonly interrupted: AbortSignal;
}

/**
 * Our side of the Improv serial protocol. A packet that gets lost or garbled, either way, is sent
 * again: every command may be repeated. After the last try there is an error with a code.
 */
export class ImprovClient {
  readonly #options: ImprovClientOptions;
  readonly #scanner = new PacketScanner();
  #waiter: ((reply: Reply) => void) | undefined;
  #gone: LatchkeyError | undefined;

  constructor(options: ImprovClientOptions) {
    this.#options = options;
    const { link, path, interrupted } = options;
    link.onBytes((bytes) => this.#receive(bytes));
    link.onEnd((reason) => {
      const message = `${path} is gone${reason === undefined ? "" : `: ${reason}`}`;
      this.#end(new LatchkeyError("port-unavailable", { message }));
    });
    const cancel = () => this.#end(new LatchkeyError("cancelled"));
    interrupted.addEventListener("abort", cancel, { once: true });
  }

  /** The device's state. @throws provisioning-silent, port-unavailable */
  state(): Promise<number> {
    const judge: Judge<number> = (reply) =>
      reply.type === "state" ? { value: reply.state } : undefined;
    return this.#ask(IMPROV_COMMAND.state, new Uint8Array(0), judge, USUAL);
  }

  /** Firmware's name and version, chip, device's name. */
  info(): Promise<readonly string[]> {
    return this.#result(IMPROV_COMMAND.info, new Uint8Array(0), USUAL);
  }

  /** Names, strengths in dBm, and whether there is a password: `["lab", "-60", "YES"]`. */
  scan(): Promise<readonly (readonly string[])[]> {
    const found: (readonly string[])[] = [];
    const judge: Judge<readonly (readonly string[])[]> = (reply) => {
      if (reply.type !== "result" || reply.command !== IMPROV_COMMAND.scan) return undefined;
      if (reply.strings.length === 0) return { value: found };
      found.push(reply.strings);
      return undefined;
    };
    return this.#ask(IMPROV_COMMAND.scan, new Uint8Array(0), judge, JOINING);
  }

  /** Resolves when the device has joined; gives its URL, if it has one. */
  async join(settings: Uint8Array): Promise<string> {
    const [url = ""] = await this.#result(IMPROV_COMMAND.wifi, settings, JOINING);
    return url;
  }

  /**
   * A command of ours. `undefined` when the device does not know it: it is not Latchkey.
   * @throws what the node refuses it with
   */
  async ours(
    command: number,
    data: Uint8Array = new Uint8Array(0),
    patience = USUAL,
  ): Promise<readonly string[] | undefined> {
    const judge: Judge<readonly string[] | undefined> = (reply) => {
      if (reply.type === "result" && reply.command === command) return { value: reply.strings };
      const unknown = reply.type === "error" && reply.error === IMPROV_ERROR.unknownCommand;
      return unknown ? { value: undefined } : undefined;
    };
    const strings = await this.#ask(command, data, judge, patience);
    if (strings === undefined || strings[0] === "ok") return strings?.slice(1);
    const [, code, message] = strings;
    throw new LatchkeyError(knownCode(code), message === undefined ? {} : { message });
  }

  /** Types into the line console on the same port. */
  type(text: string): void {
    this.#options.link.write(toUtf8(text));
  }

  close(): void {
    this.#options.link.close();
  }

  #result(command: number, data: Uint8Array, patience: Patience): Promise<readonly string[]> {
    const judge: Judge<readonly string[]> = (reply) =>
      reply.type === "result" && reply.command === command ? { value: reply.strings } : undefined;
    return this.#ask(command, data, judge, patience);
  }

  async #ask<T>(
    command: number,
    data: Uint8Array,
    judge: Judge<T>,
    { waitMs, tries }: Patience,
  ): Promise<T> {
    for (let n = 0; n < tries; n++) {
      const found = await this.#once(encodeCommand(command, data), judge, waitMs);
      if (found !== "again") return found.value;
    }
    const { path } = this.#options;
    const message = `nothing at ${path} answers as a node or another Improv device does`;
    throw new LatchkeyError("provisioning-silent", { message });
  }

  #once<T>(packet: Uint8Array, judge: Judge<T>, waitMs: number) {
    const { link, timer } = this.#options;
    return new Promise<{ readonly value: T } | "again">((resolve, reject) => {
      const end = (settle: () => void) => {
        this.#waiter = undefined;
        timer.clear(limit);
        settle();
      };
      const limit = timer.set(() => this.#waiter?.({ type: "silence" }), waitMs);
      this.#waiter = (reply) => {
        const found = judge(reply);
        if (found !== undefined) return end(() => resolve(found));
        if (reply.type === "gone") return end(() => reject(reply.error));
        if (isRetried(reply)) return end(() => resolve("again"));
        if (reply.type === "error" && reply.error !== IMPROV_ERROR.none)
          end(() => reject(errorOf(reply.error)));
      };
      if (this.#gone !== undefined) this.#waiter({ type: "gone", error: this.#gone });
      else link.write(packet);
    });
  }

  #receive(bytes: Uint8Array): void {
    for (const found of this.#scanner.push(bytes)) {
      if (found.type === "damaged") this.#waiter?.({ type: "damaged" });
      else if (found.type === "packet") this.#packet(found.packet);
    }
  }

  #packet({ type, data }: ImprovPacket): void {
    if (type === IMPROV_TYPE.state) this.#waiter?.({ type: "state", state: data[0] ?? 0 });
    if (type === IMPROV_TYPE.error) this.#waiter?.({ type: "error", error: data[0] ?? 0xff });
    if (type !== IMPROV_TYPE.result) return;
    try {
      const { command, strings } = parseResult(data);
      this.#waiter?.({ type: "result", command, strings });
    } catch {
      this.#waiter?.({ type: "damaged" });
    }
  }

  #end(error: LatchkeyError): void {
    this.#gone ??= error;
    this.#waiter?.({ type: "gone", error });
  }
}

function errorOf(error: number): LatchkeyError {
  if (error === IMPROV_ERROR.unableToConnect) {
    const message = "the device could not join the Wi-Fi with this name and password";
    return new LatchkeyError("network-down", { message });
  }
  if (error === IMPROV_ERROR.notAuthorised) return new LatchkeyError("provisioning-locked");
  const message = `the device answers with error ${error} of the Improv protocol`;
  return new LatchkeyError("provisioning-damaged", { message });
}

/** What a repetition mends. "Invalid" is also what a garbled packet of ours is called. */
function isRetried(reply: Reply): boolean {
  if (reply.type === "error") return reply.error === IMPROV_ERROR.invalid;
  return reply.type === "silence" || reply.type === "damaged";
}

/** A newer node can have codes that this program does not know. */
function knownCode(code: string | undefined): ErrorCode {
  return isErrorCode(code) ? code : "provisioning-damaged";
}

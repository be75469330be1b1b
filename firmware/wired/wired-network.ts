import { SerialFrames, type SerialFramesOptions } from "../../hal/serial-frames.ts";
import { equalBytes } from "../../protocol/encoding/bytes.ts";
import { isLatchkeyError, LatchkeyError } from "../../protocol/errors.ts";
import type {
  HttpRequest,
  HttpResponse,
  Log,
  Timer,
  TimerHandle,
} from "../../protocol/platform.ts";
import { Exchange } from "../../protocol/wired/exchange.ts";
import {
  addressOf,
  decodeFrame,
  encodeFrame,
  type Frame,
  type FrameKind,
  STUFFED_MAX,
} from "../../protocol/wired/frame.ts";
import {
  parseWiredMessage,
  type WiredMessage,
  writeWiredMessage,
} from "../../protocol/wired/message.ts";
import type { Network, NetworkStatus } from "../platform.ts";

export interface WiredNetworkOptions
  extends Pick<SerialFramesOptions, "io" | "receive" | "transmit" | "port" | "baud" | "direction"> {
  readonly timer: Timer;
  readonly log: Log;
  /** This node's on the line, 1 to 254. */
  readonly address: number;
  /** What requests begin with; the gateway has its own in its place. */
  readonly baseUrl: string;
}

/** A gateway that says nothing for so long is gone: it polls many times a second. */
const LOOK_MS = 500;
/** Three seconds to three and a half. */
const SILENT_LOOKS = 6;
const JOIN_LIMIT_MS = 15_000;
/** Until the gateway's transceiver has let go of the line. */
const TURNAROUND_MS = 1.5;
const LINK_BYTES = 4;

interface Pending {
  readonly resolve: (response: HttpResponse) => void;
  readonly reject: (error: LatchkeyError) => void;
  readonly limit: TimerHandle;
}

/**
 * The network of a node without Wi-Fi: requests go over a serial line to `latchkey gateway`, which
 * takes them to the server. The node speaks only when it is asked, so that many can share one
 * RS-485 pair. The gateway is no more trusted than any router: what counts is sealed or signed
 * between node and server (docs/wired.md).
 */
export class WiredNetwork implements Network {
  readonly #options: WiredNetworkOptions;
  readonly #frames: SerialFrames;
  readonly #pending = new Map<number, Pending>();
  #waiting: (() => void)[] = [];
  #link: number | undefined;
  /** The gateway has said something in this link: it heard our answer to its reset. */
  #heardInLink = false;
  #exchange = new Exchange();
  /** The last poll and the last empty answer: a gateway says the same a hundred times a second. */
  #poll: { readonly stuffed: Uint8Array; readonly frame: Frame } | undefined;
  #idle: { readonly acknowledge: number; readonly bytes: Uint8Array } | undefined;
  #silence: TimerHandle | undefined;
  #quietLooks = 0;
  #id = 0;
  readonly statistics = { frames: 0, noise: 0, links: 0 };

  constructor(options: WiredNetworkOptions) {
    this.#options = options;
    this.#frames = new SerialFrames({
      ...options,
      frameBytesMax: STUFFED_MAX,
      onFrame: (frame) => this.#heard(frame),
    });
  }

  status(): NetworkStatus {
    const { address } = this.#options;
    return this.#heardInLink ? { up: true, address: `wire ${address}` } : { up: false };
  }

  async join(): Promise<NetworkStatus> {
    if (this.#heardInLink) return this.status();
    const { timer } = this.#options;
    await new Promise<void>((resolve, reject) => {
      const limit = timer.set(() => {
        this.#waiting = this.#waiting.filter((other) => other !== joined);
        const message = "No gateway has called this node's address.";
        reject(new LatchkeyError("network-down", { message }));
      }, JOIN_LIMIT_MS);
      const joined = (): void => {
        timer.clear(limit);
        resolve();
      };
      this.#waiting.push(joined);
    });
    return this.status();
  }

  request({ method, url, headers, body, timeoutMs }: HttpRequest): Promise<HttpResponse> {
    const { baseUrl, timer } = this.#options;
    const prefix = `${baseUrl}/`;
    if (method !== "POST" || !url.startsWith(prefix)) return failed("network-failed");
    if (!this.#heardInLink) return failed("network-down");
    this.#id = (this.#id + 1) % 0xffffffff;
    const id = this.#id;
    const path = url.slice(prefix.length);
    const authorization = headers["authorization"] ?? "";
    const message = { kind: "request", id, timeoutMs, path, authorization, body } as const;
    if (!this.#exchange.send(writeWiredMessage(message))) return failed("network-failed");
    return new Promise((resolve, reject) => {
      const limit = timer.set(() => this.#settle(id, "network-timeout"), timeoutMs);
      this.#pending.set(id, { resolve, reject, limit });
    });
  }

  close(): void {
    this.#lose("network-failed");
    this.#frames.close();
  }

  #heard(stuffed: Uint8Array): void {
    if (addressOf(stuffed) !== this.#options.address) return;
    const poll = this.#poll;
    const known = poll !== undefined && equalBytes(poll.stuffed, stuffed);
    const frame = known ? poll.frame : this.#decoded(stuffed);
    if (frame === undefined) {
      this.statistics.noise++;
      return;
    }
    this.statistics.frames++;
    if (frame.kind === "reset") this.#begin(frame);
    else if (frame.kind !== "poll" && frame.kind !== "data") return;
    else {
      this.#joined();
      if (!known && frame.kind === "poll") this.#poll = { stuffed, frame };
      const message = this.#exchange.receive(frame);
      if (message !== undefined) this.#received(message);
    }
    this.#watchSilence();
    const kind = frame.kind === "reset" ? "hello" : undefined;
    this.#options.timer.set(() => this.#answer(kind), TURNAROUND_MS);
  }

  /** A reset is under link 0; anything else under the link's own number. */
  #decoded(stuffed: Uint8Array): Frame | undefined {
    const own = this.#link === undefined ? undefined : decodeFrame(stuffed, this.#link);
    if (own !== undefined) return own;
    const fresh = decodeFrame(stuffed, 0);
    return fresh?.kind === "reset" && fresh.payload.length === LINK_BYTES ? fresh : undefined;
  }

  #begin({ payload }: Frame): void {
    const [a, b, c, d] = payload as unknown as [number, number, number, number];
    const link = a + (b << 8) + (c << 16) + d * 0x1000000;
    // Heard again because our answer was lost: nothing has happened since.
    if (link === this.#link && this.statistics.links > 0) return;
    this.#lose("network-failed");
    this.#link = link;
    this.#forgetFrames();
    this.#exchange = new Exchange();
    this.statistics.links++;
  }

  /**
   * A gateway that did not hear our answer in time makes a link of its own a second later: what
   * was asked in the first one would be lost with it.
   */
  #joined(): void {
    if (this.#heardInLink) return;
    this.#heardInLink = true;
    this.#options.log.write("info", "wired-link", { address: this.#options.address });
    for (const joined of this.#waiting.splice(0)) joined();
  }

  #answer(kind: FrameKind | undefined): void {
    const link = this.#link;
    if (link === undefined) return;
    const { address } = this.#options;
    const { acknowledge } = this.#exchange;
    const piece = kind === undefined ? this.#exchange.current() : undefined;
    const isIdle = kind === undefined && piece === undefined;
    const idle = this.#idle;
    if (isIdle && idle?.acknowledge === acknowledge) {
      this.#frames.send(idle.bytes);
      return;
    }
    const frame = {
      kind: kind ?? (piece === undefined ? "idle" : "reply"),
      address,
      sequence: piece?.sequence ?? 0,
      acknowledge,
      payload: piece?.payload ?? new Uint8Array(0),
    } as const;
    const bytes = encodeFrame(frame, link);
    if (isIdle) this.#idle = { acknowledge, bytes };
    this.#frames.send(bytes);
  }

  /** They were of a link that is over. */
  #forgetFrames(): void {
    this.#poll = undefined;
    this.#idle = undefined;
  }

  #received(bytes: Uint8Array): void {
    let message: WiredMessage;
    try {
      message = parseWiredMessage(bytes);
    } catch (error) {
      if (!isLatchkeyError(error)) throw error;
      this.#options.log.write("warn", "wired-message-malformed", { code: error.code });
      return;
    }
    if (message.kind === "failure") this.#settle(message.id, message.reason);
    if (message.kind !== "response") return;
    const { id, status, contentType, body } = message;
    this.#settle(id, { status, headers: { "content-type": contentType }, body });
  }

  #settle(id: number, outcome: HttpResponse | WiredFailureReason): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return; // out of time already
    this.#pending.delete(id);
    this.#options.timer.clear(pending.limit);
    if (typeof outcome === "string") pending.reject(new LatchkeyError(outcome));
    else pending.resolve(outcome);
  }

  /** Looks twice a second, instead of setting a timer anew with each of a hundred frames. */
  #watchSilence(): void {
    this.#quietLooks = 0;
    this.#silence ??= this.#options.timer.set(() => this.#lookForSilence(), LOOK_MS);
  }

  #lookForSilence(): void {
    const { timer, log, address } = this.#options;
    this.#silence = undefined;
    if (this.#quietLooks++ < SILENT_LOOKS) {
      this.#silence = timer.set(() => this.#lookForSilence(), LOOK_MS);
      return;
    }
    log.write("warn", "wired-silence", { address, code: "network-down" });
    this.#lose("network-down");
  }

  /** The link is over: what was asked may have been carried out, and its answer cannot come. */
  #lose(code: WiredFailureReason): void {
    if (this.#silence !== undefined) this.#options.timer.clear(this.#silence);
    this.#silence = undefined;
    this.#link = undefined;
    this.#forgetFrames();
    this.#heardInLink = false;
    this.#exchange = new Exchange();
    for (const id of [...this.#pending.keys()]) this.#settle(id, code);
  }
}

type WiredFailureReason = "network-down" | "network-timeout" | "network-failed";

function failed(code: WiredFailureReason): Promise<never> {
  return Promise.reject(new LatchkeyError(code));
}

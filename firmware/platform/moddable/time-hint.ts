import {
  parseSntpAnswer,
  SNTP_COOKIE_BYTES,
  SNTP_PORT,
  sntpRequest,
} from "../../../protocol/encoding/sntp.ts";
import type { Clock, Log, Random, Timer } from "../../../protocol/platform.ts";
import type { HttpClientOptions } from "./http-client.ts";

/** A UDP socket (`embedded:io/socket/udp`, ECMA-419 §12.3), as far as it is used. */
export interface Udp {
  read(): (ArrayBuffer & { readonly address?: string; readonly port?: number }) | undefined;
  write(data: ArrayBuffer | Uint8Array, address: string, port: number): void;
  close(): void;
}
export type UdpConstructor = new (options: { onReadable: (count: number) => void }) => Udp;

export interface TimeHintOptions {
  readonly io: UdpConstructor;
  readonly resolve: HttpClientOptions["resolve"];
  /** Name or address of a time server. */
  readonly host: string;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly random: Random;
  readonly log: Log;
}

const ANSWER_LIMIT_MS = 3_000;
/** A wrong answer must not stay for longer than whoever gave it. */
const LIFE_MS = 60_000;

/**
 * What a time server says, by SNTP, unsigned: a hint by which the first certificate after a start
 * can be found to have ended. It decides nothing else: challenges, sessions, tickets and the node's
 * clock go by the server's signed answers alone.
 */
export class TimeHint {
  readonly #options: TimeHintOptions;
  #socket: Udp | undefined;
  #said: { readonly unix: number; readonly atMs: number } | undefined;

  constructor(options: TimeHintOptions) {
    this.#options = options;
  }

  /** Asks, if nothing is known and nobody asks already. What fails is tried with the next call. */
  ask(): void {
    if (this.#socket !== undefined || this.unix() !== undefined) return;
    const { resolve, host, log } = this.#options;
    resolve(host, (address) => {
      if (address === undefined) log.write("warn", "time-hint-failed", { code: "network-failed" });
      else if (this.#socket === undefined) this.#send(address);
    });
  }

  /** Unix seconds, for a minute after an answer. */
  unix(): number | undefined {
    if (this.#said === undefined) return undefined;
    const sinceMs = this.#options.clock.monotonicMs() - this.#said.atMs;
    return sinceMs < LIFE_MS ? this.#said.unix + Math.floor(sinceMs / 1000) : undefined;
  }

  #send(address: string): void {
    const { io: Io, timer, random, log } = this.#options;
    const cookie = random.bytes(SNTP_COOKIE_BYTES);
    const end = (): void => {
      timer.clear(limit);
      this.#socket?.close();
      this.#socket = undefined;
    };
    const limit = timer.set(() => {
      log.write("warn", "time-hint-failed", { code: "network-timeout" });
      end();
    }, ANSWER_LIMIT_MS);
    try {
      this.#socket = new Io({
        onReadable: () => {
          if (this.#hear(address, cookie)) end();
        },
      });
      this.#socket.write(sntpRequest(cookie), address, SNTP_PORT);
    } catch {
      end(); // no socket, no route: there is no hint then
    }
  }

  /** Whether an answer has come; what others send is passed over. */
  #hear(address: string, cookie: Uint8Array): boolean {
    for (let came = this.#socket?.read(); came !== undefined; came = this.#socket?.read()) {
      if (came.address !== address || came.port !== SNTP_PORT) continue;
      try {
        const unix = parseSntpAnswer(new Uint8Array(came), cookie);
        this.#said = { unix, atMs: this.#options.clock.monotonicMs() };
        return true;
      } catch {
        // not what was asked for
      }
    }
    return false;
  }
}

/**
 * What the identity layer needs of the world. Everything outside comes in through these
 * interfaces; nothing reaches for a global. That is what lets one seed reproduce a run.
 */
import type { CryptoProvider } from "./crypto/provider.ts";
import type { ErrorCode } from "./error-codes.ts";

export interface Clock {
  /** Milliseconds since boot, fractional allowed; never goes back, unaffected by wall time. */
  monotonicMs(): number;
}

/** What `Timer.set` gives back, for `Timer.clear`. */
export type TimerHandle = number | object;

export interface Timer {
  /** Calls `callback` once, from the event loop, `delayMs` or a little later. */
  set(callback: () => void, delayMs: number): TimerHandle;
  /** Clearing a timer that has fired, or twice, does nothing. */
  clear(handle: TimerHandle): void;
}

export interface Random {
  /**
   * `length` bytes fit for keys.
   * @throws random-unhealthy when the source failed its health test; there is no fallback.
   */
  bytes(length: number): Uint8Array;
}

/** Small named values that survive power loss. One write is atomic: old or new, never between. */
export interface Storage {
  /** A copy of the value, or `undefined`. @throws storage-corrupt */
  get(key: string): Uint8Array | undefined;
  /** Durable when it returns. @throws storage-full, storage-failed */
  set(key: string, value: Uint8Array): void;
  /** Durable when it returns; deleting what is not there does nothing. */
  delete(key: string): void;
}

export interface HttpRequest {
  readonly method: "GET" | "POST";
  /** Absolute URL. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** UTF-8 text; empty for GET. */
  readonly body: string;
  readonly timeoutMs: number;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface HttpClient {
  /**
   * One request, one answer of any status.
   * @throws network-down, network-timeout, network-failed
   */
  request(request: HttpRequest): Promise<HttpResponse>;
}

export type LogLevel = "debug" | "info" | "warn" | "error";

/** Facts of a log line. Secrets do not fit the type; see `Secret`. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  /** `event` is a stable kebab-case name; an error's code goes into `fields.code`. */
  write(level: LogLevel, event: string, fields?: LogFields & { readonly code?: ErrorCode }): void;
}

/** All that `IdentityNode` needs. */
export interface IdentityPlatform {
  readonly clock: Clock;
  readonly timer: Timer;
  readonly random: Random;
  readonly storage: Storage;
  readonly http: HttpClient;
  readonly crypto: CryptoProvider;
  readonly log: Log;
}

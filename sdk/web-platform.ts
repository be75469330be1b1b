import { nobleCrypto } from "../protocol/crypto/noble.ts";
import { LatchkeyError } from "../protocol/errors.ts";
import type { Clock, HttpClient, Random, Timer } from "../protocol/platform.ts";

/** What the SDK needs of the world; browsers and Node have it in common. */
export interface SdkPlatform {
  readonly clock: Clock;
  readonly timer: Timer;
  readonly random: Random;
  readonly http: HttpClient;
  readonly crypto: typeof nobleCrypto;
}

/** One request by `fetch`: no cookies, no referrer, no redirect to somewhere else. */
const http: HttpClient = {
  async request({ method, url, headers, body, timeoutMs }) {
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(url, {
        ...{ method, headers: { ...headers }, signal, cache: "no-store", credentials: "omit" },
        ...{ redirect: "error", referrerPolicy: "no-referrer" },
        ...(method === "POST" && { body }),
      });
      const entries = Object.fromEntries(response.headers.entries());
      return { status: response.status, headers: entries, body: await response.text() };
    } catch (cause) {
      const code = signal.aborted ? "network-timeout" : "network-failed";
      throw new LatchkeyError(code, { cause });
    }
  },
};

/** What browsers and Node give. */
export const webPlatform: SdkPlatform = Object.freeze({
  clock: { monotonicMs: () => performance.now() },
  timer: {
    set: (callback: () => void, delayMs: number) => setTimeout(callback, delayMs),
    clear: (handle: unknown) => clearTimeout(handle as Parameters<typeof clearTimeout>[0]),
  },
  random: { bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) },
  http,
  crypto: nobleCrypto,
});

import { LatchkeyError } from "../../../protocol/errors.ts";
import type { Log, Random, Timer, TimerHandle } from "../../../protocol/platform.ts";
import type { NetworkStatus } from "../../platform.ts";

/** `embedded:network/interface/wifi` of the SDK, as far as it is used (ECMA-419 §12.6). */
export interface WiFi {
  /** Throws while another attempt is under way. */
  connect(options: { SSID: string; password?: string }): void;
  disconnect(): void;
  /** Throws while another scan is under way. */
  scan(options: { onFound: (found: FoundWifi) => void; onComplete: () => void }): void;
  close(): void;
  /** 200 not connected, 300 connecting, 400 joined, 500 with an address. */
  readonly connection: number;
  readonly address: string | undefined;
  readonly RSSI: number | undefined;
}
export interface FoundWifi {
  readonly SSID: string;
  readonly RSSI: number;
  /** `none`, or what protects it. */
  readonly security: string;
}
export type WiFiConstructor = new (options: { onChanged?: (property: string) => void }) => WiFi;

const CONNECTING = 300;
const HAS_ADDRESS = 500;

/** Joining takes 2 to 5 s as a rule; DHCP can take as long again. */
const ATTEMPT_LIMIT_MS = 15_000;
const RETRY_BASE_MS = 1_000;
const RETRY_MAX_MS = 60_000;
/** The driver tells of most losses by itself, but a lease that ended in silence needs a look. */
const LOOK_MS = 5_000;

/** Why a join failed, where that is known. */
export type WifiFailure = "wifi-password-wrong" | "wifi-not-found";

export interface WifiLinkOptions {
  readonly io: WiFiConstructor;
  /** Why the last attempt to join failed. */
  readonly failure?: () => WifiFailure | undefined;
  readonly ssid: string;
  /** Absent for an open network. */
  readonly password?: string;
  readonly timer: Timer;
  readonly random: Random;
  readonly log: Log;
}

/**
 * Keeps the node on its Wi-Fi: joins, notices the loss, joins again with a back-off that doubles
 * up to a minute, each pause by chance between half of it and all, so that a hundred readers do
 * not come back at once after a power cut. Never gives up; `join` does, and tells.
 */
export class WifiLink {
  readonly #options: WifiLinkOptions;
  #wifi: WiFi | undefined;
  #up = false;
  #failures = 0;
  #failure: WifiFailure | undefined;
  #timer: TimerHandle | undefined;
  #waiting: { resolve: () => void; timer: TimerHandle }[] = [];

  constructor(options: WifiLinkOptions) {
    this.#options = options;
  }

  /** Resolves with an address. @throws network-down after `limitMs`; joining goes on. */
  join(limitMs = ATTEMPT_LIMIT_MS): Promise<void> {
    if (this.#up) return Promise.resolve();
    this.#start();
    return new Promise((resolve, reject) => {
      const timer = this.#options.timer.set(() => {
        this.#waiting = this.#waiting.filter((waiter) => waiter.timer !== timer);
        const message = `no address on the Wi-Fi ${JSON.stringify(this.#options.ssid)} yet`;
        reject(new LatchkeyError("network-down", { message }));
      }, limitMs);
      this.#waiting.push({ resolve, timer });
    });
  }

  /** Why the last attempts failed: what somebody at the node can put right. */
  get failure(): WifiFailure | undefined {
    return this.#failure;
  }

  status(): NetworkStatus {
    const { ssid } = this.#options;
    if (!this.#up || this.#wifi === undefined) return { up: false, ssid };
    const { address, RSSI: rssiDbm } = this.#wifi;
    return {
      up: true,
      ssid,
      ...(address === undefined ? {} : { address }),
      ...(rssiDbm === undefined ? {} : { rssiDbm }),
    };
  }

  close(): void {
    this.#again(undefined);
    this.#wifi?.close();
    this.#wifi = undefined;
    this.#up = false;
  }

  #start(): void {
    if (this.#timer === undefined) this.#attempt();
  }

  #attempt(): void {
    const { io: Io, ssid, password, log } = this.#options;
    this.#again(() => this.#attemptEnded(), ATTEMPT_LIMIT_MS);
    try {
      // The wireless chip itself may be dead, and come back.
      this.#wifi ??= new Io({ onChanged: () => this.#look() });
      const wifi = this.#wifi;
      if (wifi.connection === CONNECTING) wifi.disconnect();
      wifi.connect({ SSID: ssid, ...(password === undefined ? {} : { password }) });
    } catch {
      log.write("warn", "wifi-refused", { ssid, code: "network-down" });
      this.#failed();
    }
  }

  /** The driver says that something changed, or it is time to see for ourselves. */
  #look(): void {
    const wifi = this.#wifi;
    if (wifi === undefined) return;
    const up = wifi.connection >= HAS_ADDRESS;
    if (up && !this.#up) this.#joined();
    else if (!up && this.#up) this.#lost();
    else if (!up && wifi.connection < CONNECTING) this.#failed();
  }

  #joined(): void {
    const { ssid, timer, log } = this.#options;
    this.#up = true;
    this.#failures = 0;
    this.#failure = undefined;
    log.write("info", "wifi-up", { ssid });
    for (const waiter of this.#waiting.splice(0)) {
      timer.clear(waiter.timer);
      waiter.resolve();
    }
    this.#watch();
  }

  #watch(): void {
    this.#again(() => {
      this.#watch();
      this.#look();
    }, LOOK_MS);
  }

  #lost(): void {
    this.#up = false;
    this.#options.log.write("warn", "wifi-down", {
      ssid: this.#options.ssid,
      code: "network-down",
    });
    this.#failed();
  }

  #attemptEnded(): void {
    this.#failed();
    this.#wifi?.disconnect();
  }

  #failed(): void {
    const bound = Math.min(RETRY_MAX_MS, RETRY_BASE_MS * 2 ** Math.min(this.#failures, 10));
    this.#failures++;
    this.#ask();
    const [byte = 0] = this.#options.random.bytes(1);
    this.#again(() => this.#attempt(), bound / 2 + (bound * byte) / 512);
  }

  #ask(): void {
    const { failure, log, ssid } = this.#options;
    const found = failure?.();
    if (found === undefined || found === this.#failure) return;
    this.#failure = found;
    log.write("warn", "wifi-refused", { ssid, code: found });
  }

  /** The one timer of the link: whatever it waited for before is not waited for any more. */
  #again(work: (() => void) | undefined, delayMs = 0): void {
    if (this.#timer !== undefined) this.#options.timer.clear(this.#timer);
    this.#timer = work === undefined ? undefined : this.#options.timer.set(work, delayMs);
  }
}

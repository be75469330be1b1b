import type { Network, NetworkStatus } from "../../firmware/platform.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { HttpRequest, HttpResponse } from "../../protocol/platform.ts";
import type { World } from "../world/world.ts";

/** What joining a Wi-Fi network takes, about. */
const JOIN_US = 1_200_000;

/** The machine's own network, for a board that runs in real time: requests are real requests. */
export class DeskNetwork implements Network {
  readonly #world: World;
  #up = false;
  readonly stats = { requests: 0, roundTripUs: 0 };

  constructor(world: World) {
    this.#world = world;
  }

  status(): NetworkStatus {
    return this.#up ? { up: true, address: "127.0.0.1", ssid: "desk" } : { up: false };
  }

  join(): Promise<NetworkStatus> {
    return new Promise((resolve) => {
      this.#world.task(this.#up ? 0 : JOIN_US, () => {
        this.#up = true;
        resolve(this.status());
      });
    });
  }

  /** The board lost its power. */
  disconnect(): void {
    this.#up = false;
  }

  async request(request: HttpRequest): Promise<HttpResponse> {
    if (!this.#up) throw new LatchkeyError("network-down");
    const { url, method, headers, body, timeoutMs } = request;
    const startUs = this.#world.nowUs();
    this.stats.requests++;
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const sent = method === "GET" ? {} : { body };
      const response = await fetch(url, { method, headers: { ...headers }, signal, ...sent });
      const text = await response.text();
      const names = Object.fromEntries(response.headers);
      return await this.#arrived({ status: response.status, headers: names, body: text }, startUs);
    } catch (cause) {
      const late = cause instanceof Error && cause.name === "TimeoutError";
      throw new LatchkeyError(late ? "network-timeout" : "network-failed", { cause });
    }
  }

  /** Hands the answer over in a task, so that the node gets it when its event loop is free. */
  #arrived(response: HttpResponse, startUs: number): Promise<HttpResponse> {
    return new Promise((resolve) => {
      this.#world.task(0, () => {
        this.stats.roundTripUs += this.#world.nowUs() - startUs;
        resolve(response);
      });
    });
  }
}

import type { Network, NetworkStatus } from "../../firmware/platform.ts";
import type { ErrorCode } from "../../protocol/error-codes.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { HttpRequest, HttpResponse } from "../../protocol/platform.ts";
import type { World } from "../world/world.ts";
import { FaultPlan } from "./fault-plan.ts";
import { BAD_GATEWAY_PAGE, type NetworkFault, SIGN_IN_PAGE } from "./network-fault.ts";

/** Whatever answers requests: the server's own handlers, or somebody in their place. */
export type Backend = (request: HttpRequest) => Promise<HttpResponse>;

export interface NetworkOptions {
  readonly world: World;
  readonly backend: Backend;
  /** Association, key exchange and DHCP; 350 ms unless told. */
  readonly joinMs?: number;
  /** One way, without jitter; 8 ms unless told. */
  readonly latencyMs?: number;
  /** Up to this much is added to each way, at random; 2 ms unless told. */
  readonly jitterMs?: number;
  /** Payload per second in either direction; 4 Mbit/s unless told. */
  readonly bitsPerSecond?: number;
  /** What the server takes for an answer; 3 ms unless told. */
  readonly serverMs?: number;
  /** Round trips before the first request of a connection (TCP: 1, with TLS 1.2: 3). */
  readonly connectRoundTrips?: number;
  /** An idle connection is closed after this; 75 s unless told. */
  readonly keepAliveMs?: number;
  readonly ssid?: string;
}

/** Headers and framing that HTTP adds to a body, roughly. */
const HEADER_BYTES = 250;
/** A node gives up joining after this. */
const JOIN_LIMIT_MS = 15_000;
const DNS_FAILURE_MS = 40;

/**
 * Wi-Fi, the way to the server, and everything that happens on it. Answers come back as tasks of
 * the node's event loop. Faults come from `faults`; `intercept` is the attacker in the middle.
 */
export class NetworkModel implements Network {
  readonly faults: FaultPlan;
  readonly stats = {
    requests: 0,
    answers: 0,
    failures: 0,
    connects: 0,
    bytesUp: 0,
    bytesDown: 0,
    /** Time on the way and at the server, for answered requests. */
    roundTripUs: 0,
  };
  /** Stands between node and server when set: may read, change, swallow or invent. */
  intercept: ((request: HttpRequest, forward: Backend) => Promise<HttpResponse>) | undefined;
  /** Whether there is an access point to join. */
  inRange = true;
  readonly #options: Required<NetworkOptions>;
  #joined = false;
  #joining: Promise<NetworkStatus> | undefined;
  #connectedUntilUs = -1;

  constructor(options: NetworkOptions) {
    this.#options = {
      joinMs: 350,
      latencyMs: 8,
      jitterMs: 2,
      bitsPerSecond: 4_000_000,
      serverMs: 3,
      connectRoundTrips: 1,
      keepAliveMs: 75_000,
      ssid: "latchkey-sim",
      ...options,
    };
    this.faults = new FaultPlan(options.world.rng("net faults"));
  }

  status(): NetworkStatus {
    if (!this.#joined || !this.inRange) return { up: false };
    return { up: true, address: "192.0.2.17", ssid: this.#options.ssid, rssiDbm: -54 };
  }

  join(): Promise<NetworkStatus> {
    this.#joining ??= new Promise<NetworkStatus>((resolve, reject) => {
      const { world, joinMs } = this.#options;
      const waitMs = this.inRange ? joinMs : JOIN_LIMIT_MS;
      world.record("net", "join");
      world.task(this.status().up ? 0 : waitMs * 1000, () => {
        this.#joining = undefined;
        this.#joined = this.inRange;
        world.record("net", this.inRange ? "joined" : "join failed");
        if (this.inRange) resolve(this.status());
        else reject(new LatchkeyError("network-down"));
      });
    });
    return this.#joining;
  }

  /** The node loses the access point: it must join again, whether it is in range or not. */
  disconnect(): void {
    this.#joined = false;
    this.#connectedUntilUs = -1;
    this.#options.world.record("net", "disconnected");
  }

  request(request: HttpRequest): Promise<HttpResponse> {
    const { world } = this.#options;
    const path = pathOf(request.url);
    this.stats.requests++;
    return new Promise<HttpResponse>((resolve, reject) => {
      let settled = false;
      const startUs = world.nowUs();
      const fail = (code: ErrorCode): void => {
        if (settled) return;
        settled = true;
        this.stats.failures++;
        this.#connectedUntilUs = -1;
        world.cancel(limit);
        world.record("net", `${path} ${code}`);
        reject(new LatchkeyError(code));
      };
      const answer = (response: HttpResponse): void => {
        if (settled) return;
        settled = true;
        this.stats.answers++;
        this.stats.bytesDown += response.body.length + HEADER_BYTES;
        this.stats.roundTripUs += world.nowUs() - startUs;
        this.#connectedUntilUs = world.nowUs() + this.#options.keepAliveMs * 1000;
        world.cancel(limit);
        world.record("net", `${path} ${response.status} ${response.body.length} B`);
        resolve(response);
      };
      const limit = world.task(request.timeoutMs * 1000, () => fail("network-timeout"));
      if (!this.status().up) {
        world.task(0, () => fail("network-down"));
        return;
      }
      this.#travel(request, this.faults.next(path), answer, fail);
    });
  }

  /** Takes a request to the server and back, as far as the fault lets it. */
  #travel(
    request: HttpRequest,
    fault: NetworkFault | undefined,
    answer: (response: HttpResponse) => void,
    fail: (code: ErrorCode) => void,
  ): void {
    const { world } = this.#options;
    if (fault !== undefined) world.record("net", `fault ${fault.kind}`);
    if (fault?.kind === "drop") return;
    if (fault?.kind === "dns") {
      world.task(DNS_FAILURE_MS * 1000, () => fail("network-failed"));
      return;
    }
    const connectUs = this.#connectUs();
    if (fault?.kind === "server-down") {
      world.task(connectUs + this.#oneWayUs(0), () => fail("network-failed"));
      return;
    }
    const bytesUp = request.body.length + HEADER_BYTES;
    this.stats.bytesUp += bytesUp;
    const upUs = connectUs + this.#oneWayUs(bytesUp);
    const arrivalUs = world.nowUs() + upUs;
    // The server is reached in a task, which waits for the node's CPU as the server would not:
    // the way back is counted from the time of arrival.
    world.task(upUs, () => {
      this.#answerOf(request, fault).then(
        (response) => this.#return(response, fault, arrivalUs, answer, fail),
        () => fail("network-failed"),
      );
    });
  }

  #return(
    response: HttpResponse,
    fault: NetworkFault | undefined,
    arrivalUs: number,
    answer: (response: HttpResponse) => void,
    fail: (code: ErrorCode) => void,
  ): void {
    const { world, serverMs } = this.#options;
    if (fault?.kind === "half-open") return;
    const lateUs = fault?.kind === "delay" ? fault.ms * 1000 : 0;
    const downUs = this.#oneWayUs(response.body.length + HEADER_BYTES);
    const dueUs = arrivalUs + serverMs * 1000 + lateUs + downUs;
    world.task(Math.max(0, dueUs - world.nowUs()), () => {
      if (fault?.kind === "reset") fail("network-failed");
      else if (this.status().up) answer(response); // otherwise nobody is there to hear it
    });
  }

  /** What comes back from the server, or from whatever sits in its place. */
  async #answerOf(request: HttpRequest, fault: NetworkFault | undefined): Promise<HttpResponse> {
    if (fault?.kind === "captive-portal") return page(200, SIGN_IN_PAGE);
    if (fault?.kind === "bad-gateway") return page(502, BAD_GATEWAY_PAGE);
    const spoilt = fault?.kind === "corrupt" && fault.direction === "up";
    const arrived = spoilt ? { ...request, body: this.#corrupted(request.body) } : request;
    const handled = this.#handle(arrived);
    if (fault?.kind === "duplicate") this.#handle(arrived).catch(() => {});
    const response = await handled;
    return { ...response, body: this.#damaged(response.body, fault) };
  }

  #handle(request: HttpRequest): Promise<HttpResponse> {
    const { backend } = this.#options;
    return this.intercept === undefined ? backend(request) : this.intercept(request, backend);
  }

  #damaged(body: string, fault: NetworkFault | undefined): string {
    if (fault?.kind === "truncate") {
      return body.slice(0, this.#options.world.rng("net").int(0, Math.max(0, body.length - 1)));
    }
    return fault?.kind === "corrupt" && fault.direction === "down" ? this.#corrupted(body) : body;
  }

  /** One character replaced by another printable one. */
  #corrupted(body: string): string {
    if (body.length === 0) return body;
    const rng = this.#options.world.rng("net");
    const at = rng.int(0, body.length - 1);
    const other = 0x20 + ((body.charCodeAt(at) - 0x20 + rng.int(1, 94)) % 95);
    return body.slice(0, at) + String.fromCharCode(other) + body.slice(at + 1);
  }

  #connectUs(): number {
    const { world, connectRoundTrips, latencyMs } = this.#options;
    if (world.nowUs() <= this.#connectedUntilUs) return 0;
    this.stats.connects++;
    return connectRoundTrips * 2 * latencyMs * 1000;
  }

  /** Latency, jitter and the bytes themselves, in whole µs. */
  #oneWayUs(bytes: number): number {
    const { world, latencyMs, jitterMs, bitsPerSecond } = this.#options;
    const jitterUs = jitterMs * 1000 * world.rng("net").unit();
    return Math.round(latencyMs * 1000 + jitterUs + (bytes * 8e6) / bitsPerSecond);
  }
}

function page(status: number, body: string): HttpResponse {
  return { status, headers: { "content-type": "text/html; charset=utf-8" }, body };
}

/** The path of an absolute URL, for faults and the trace; queries are left out. */
function pathOf(url: string): string {
  const afterScheme = url.indexOf("://") + 3;
  const slash = url.indexOf("/", afterScheme);
  const path = slash < 0 ? "/" : url.slice(slash);
  const query = path.indexOf("?");
  return query < 0 ? path : path.slice(0, query);
}

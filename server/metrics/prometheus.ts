import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { LogFields, LogLevel } from "../../protocol/platform.ts";
import type { Metrics, Observed } from "./metrics.ts";

/** Seconds. A handshake takes one or two thousandths, a commit waits for a disk. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** Figures in the text format of Prometheus, with those of the process. */
export class PrometheusMetrics implements Metrics {
  readonly #registry = new Registry();
  readonly #requests: Histogram<"endpoint" | "status">;
  readonly #events: Counter<"event" | "level" | "code">;
  readonly #decisions: Counter<"outcome">;
  readonly #limited: Counter<"limit">;
  readonly #readings: Counter<"outcome">;
  readonly #ready: Gauge<"check">;
  readonly #underWay: Gauge<"what">;
  #observed: Observed | undefined;

  constructor() {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    const counter = <T extends string>(name: string, help: string, ...labelNames: T[]) =>
      new Counter({ name: `latchkey_${name}_total`, help, labelNames, registers });
    const gauge = <T extends string>(name: string, help: string, ...labelNames: T[]) =>
      new Gauge({ name: `latchkey_${name}`, help, labelNames, registers });
    this.#requests = new Histogram({
      name: "latchkey_http_request_seconds",
      help: "From the first byte of a request to the last one of its answer.",
      labelNames: ["endpoint", "status"],
      buckets: BUCKETS,
      registers,
    });
    this.#events = counter("events", "Lines of the log.", "event", "level", "code");
    this.#decisions = counter("badge_decisions", "Taps decided: granted, or why not.", "outcome");
    this.#limited = counter("rate_limited", "Requests beyond a limit.", "limit");
    this.#readings = counter("readings", "Readings of nodes.", "outcome");
    this.#ready = gauge("ready", "1: this is in order; see readyz.", "check");
    this.#underWay = gauge("under_way", "What is under way at the moment.", "what");
  }

  /** From then on its pages tell of that too. */
  observe(observed: Observed): void {
    this.#observed = observed;
  }

  noted(level: LogLevel, event: string, { code = "", limit }: LogFields): void {
    this.#events.inc({ event, level, code: String(code) });
    if (event === "badge-granted") this.#decisions.inc({ outcome: "granted" });
    if (event === "badge-denied") this.#decisions.inc({ outcome: String(code) });
    if (limit !== undefined) this.#limited.inc({ limit: String(limit) });
  }

  answered(endpoint: string, status: number, seconds: number): void {
    this.#requests.observe({ endpoint, status }, seconds);
  }

  readings(recorded: number, duplicates: number, refused: number): void {
    for (const [outcome, count] of Object.entries({ recorded, duplicates, refused }))
      if (count > 0) this.#readings.inc({ outcome }, count);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async page(): Promise<string> {
    if (this.#observed !== undefined) await this.#look(this.#observed);
    return this.#registry.metrics();
  }

  async #look({ readiness, underWay }: Observed): Promise<void> {
    const { checks } = await readiness();
    for (const [check, state] of Object.entries(checks))
      this.#ready.set({ check }, state === "ok" ? 1 : 0);
    for (const [what, count] of Object.entries(underWay())) this.#underWay.set({ what }, count);
  }
}

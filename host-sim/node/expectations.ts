import { ReaderBoard } from "../reader-board.ts";
import type { SimEvent, TapOutcome } from "../scenario/events.ts";
import type { Expectation } from "../scenario/scenario.ts";
import type { Scene } from "./scene.ts";
import type { SimEvents } from "./sim-events.ts";

const SERIAL_KEPT = 100_000;

/** Compares what a scenario expects with what can be seen from outside the reader. */
export class Expectations {
  readonly #sim: Scene;
  readonly #eye: SimEvents;
  #serial = "";
  #decision: TapOutcome | undefined;
  /** What the server said to the last visitor. */
  visit: string | undefined;

  constructor(sim: Scene, eye: SimEvents) {
    this.#sim = sim;
    this.#eye = eye;
  }

  note(event: SimEvent): void {
    if (event.type === "serial") this.#serial = (this.#serial + event.text).slice(-SERIAL_KEPT);
    if (event.type === "decision") this.#decision = event;
  }

  forgetSerial(): void {
    this.#serial = "";
  }

  forgetDecision(): void {
    this.#decision = undefined;
  }

  /** What is not as expected, for people; `undefined` when all of it is there. */
  missing(expect: Expectation): string | undefined {
    const { board, stage } = this.#sim;
    const door = board instanceof ReaderBoard ? board.relay : undefined;
    const relay = door?.energised ? "energised" : "released";
    if (expect.relay !== undefined && expect.relay !== relay) return `the relay is ${relay}`;
    const pulses = door?.windows().length ?? 0;
    if (expect.pulses !== undefined && expect.pulses !== pulses)
      return `the relay was energised ${pulses} times`;
    if (expect.state !== undefined && expect.state.toLowerCase() !== stage)
      return `the state is ${stage.toUpperCase()}`;
    const decision = this.#decisionText();
    if (expect.decision !== undefined && expect.decision !== decision)
      return `the decision was ${decision}`;
    if (expect.visit !== undefined && expect.visit !== this.visit)
      return `the visitor was told ${this.visit ?? "nothing"}`;
    if (expect.serial !== undefined && !this.#serial.includes(expect.serial))
      return `the console said ${JSON.stringify(this.#serial.slice(-300))}`;
    return this.#missingAtServer(expect) ?? this.#missingOnScreen(expect);
  }

  #missingAtServer({ reading, sensorError, alarm }: Expectation): string | undefined {
    const { alarms } = this.#sim.backend;
    if (alarm !== undefined && !alarms.includes(alarm))
      return `the server has raised ${alarms.join(", ") || "no alarm"}`;
    const readings = this.#sim.backend.readings.map((row) => row.reading);
    const codes = readings.flatMap(({ faults = [] }) => faults.map(({ code }) => code));
    if (sensorError !== undefined && !codes.includes(sensorError))
      return `the server was told of ${codes.join(", ") || "no failures"}`;
    for (const [name, wanted] of Object.entries(reading ?? {})) {
      const values = readings.map(({ fields, named }) => ({ ...fields, ...named })[name]);
      const last = values.findLast((value) => value !== undefined);
      if (!isLike(last, wanted)) return `the server has ${name} ${last ?? "never seen"}`;
    }
    return undefined;
  }

  /** The panel last: reading pixels costs most. */
  #missingOnScreen({ screen, notScreen }: Expectation): string | undefined {
    if (screen === undefined && notScreen === undefined) return undefined;
    const lines = this.#eye.screen;
    const said = `the screen says ${JSON.stringify(lines.join(" / "))}`;
    const all = lines.join("\n");
    if (screen !== undefined && !all.includes(screen)) return said;
    return notScreen !== undefined && all.includes(notScreen) ? said : undefined;
  }

  describe(expect: Expectation): string {
    const { withinUs, ...wanted } = expect;
    const parts = Object.entries(wanted).map(([field, value]) =>
      typeof value === "object" ? `${field} ${JSON.stringify(value)}` : `${field} ${value}`,
    );
    return `${parts.join(", ")} within ${withinUs / 1e6} s`;
  }

  #decisionText(): string {
    if (this.#decision === undefined) return "none";
    return this.#decision.granted ? "granted" : (this.#decision.reason ?? "denied");
  }
}

/** Equal, or as near as a sensor's resolution lets it come. */
function isLike(seen: unknown, wanted: number | boolean): boolean {
  if (typeof wanted === "boolean" || typeof seen !== "number") return seen === wanted;
  return Math.abs(seen - wanted) <= 0.1 + Math.abs(wanted) / 1000;
}
